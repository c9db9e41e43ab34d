package dev.kelda.ai.registry;

import static java.util.Objects.requireNonNull;

import java.util.Locale;

/**
 * A graph and its tokenizer: tokens, the model, one vector a text.
 *
 * @param tokenizer hash of its tokenizer.json
 * @param output of the graph: a vector a token, or one a text
 * @param pooling of the tokens' vectors; not used when the graph gives one a text
 * @param normalize vectors get the length 1
 * @param mostTokens longer texts are cut; 0 = as the tokenizer says
 * @param dimensions of a vector
 */
public record OnnxTextModel(
    String tokenizer,
    String output,
    Pooling pooling,
    boolean normalize,
    int mostTokens,
    int dimensions)
    implements TextModel {
  public OnnxTextModel {
    requireNonNull(tokenizer, "tokenizer is null");
    requireNonNull(output, "output is null");
    requireNonNull(pooling, "pooling is null");
    if (dimensions < 1 || mostTokens < 0) {
      throw new IllegalArgumentException(dimensions + " dimensions, " + mostTokens + " tokens");
    }
  }

  public OnnxTextModel withDimensions(int value) {
    return new OnnxTextModel(tokenizer, output, pooling, normalize, mostTokens, value);
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

  /** One vector of the vectors of a text's tokens. */
  public enum Pooling {
    /** Their mean. */
    MEAN,
    /** The first one. */
    CLS
  }
}
