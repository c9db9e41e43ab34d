package dev.kelda.ai.registry;

import static java.util.Objects.requireNonNull;

import dev.kelda.ai.registry.Signature.Element;
import dev.kelda.ai.registry.Signature.Port;
import java.util.List;
import java.util.Locale;

/**
 * How a model makes vectors of texts: tokens, the model, one vector a text.
 *
 * @param tokenizer hash of its tokenizer.json
 * @param output of the graph: a vector a token, or one a text
 * @param pooling of the tokens' vectors; not used when the graph gives one a text
 * @param normalize vectors get the length 1
 * @param mostTokens longer texts are cut; 0 = as the tokenizer says
 * @param dimensions of a vector
 */
public record TextModel(
    String tokenizer,
    String output,
    Pooling pooling,
    boolean normalize,
    int mostTokens,
    int dimensions) {
  public TextModel {
    requireNonNull(tokenizer, "tokenizer is null");
    requireNonNull(output, "output is null");
    requireNonNull(pooling, "pooling is null");
    if (dimensions < 1 || mostTokens < 0) {
      throw new IllegalArgumentException(dimensions + " dimensions, " + mostTokens + " tokens");
    }
  }

  public TextModel withDimensions(int value) {
    return new TextModel(tokenizer, output, pooling, normalize, mostTokens, value);
  }

  /** {@code mean of last_hidden_state, length 1, 128 tokens at most}. */
  @Override
  public String toString() {
    return "%s of %s%s%s"
        .formatted(
            pooling.name().toLowerCase(Locale.ROOT),
            output,
            normalize ? ", length 1" : "",
            mostTokens > 0 ? ", " + mostTokens + " tokens at most" : "");
  }

  /** A text goes in, a vector comes out. */
  public Signature signature() {
    return new Signature(
        List.of(Port.of("text", Element.VARCHAR, 1, true)),
        List.of(Port.of("embedding", Element.REAL, dimensions, false)));
  }

  /** One vector of the vectors of a text's tokens. */
  public enum Pooling {
    /** Their mean. */
    MEAN,
    /** The first one. */
    CLS
  }
}
