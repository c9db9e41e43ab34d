package dev.kelda.ai.embed;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.kelda.ai.onnx.OnnxModel;
import dev.kelda.ai.registry.ModelFiles;
import dev.kelda.ai.registry.OnnxTextModel;
import dev.kelda.ai.registry.OnnxTextModel.Pooling;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;

/** Finds out how a graph makes vectors of texts, by embedding two. */
public final class TextProbe {
  private static final List<String> TEXTS = List.of("kelda", "a spring that feeds a lake");
  private static final Set<String> INPUTS =
      Set.of(TextEncoder.IDS, TextEncoder.MASK, TextEncoder.TYPES);
  private static final List<String> USUAL_OUTPUTS =
      List.of("sentence_embedding", "last_hidden_state", "token_embeddings");

  private TextProbe() {}

  /** What CREATE MODEL says. */
  public record Options(
      Optional<String> output, Pooling pooling, boolean normalize, int mostTokens) {}

  /**
   * @param allocator for the trial; empty again afterwards
   * @throws KeldaException INVALID_ARGUMENT, INVALID_FILE when the model makes no vectors of texts
   */
  public static OnnxTextModel of(
      OnnxModel model, ModelFiles.Checked tokenizer, Options options, BufferAllocator allocator) {
    Set<String> inputs = model.inputs();
    if (!inputs.contains(TextEncoder.IDS) || !INPUTS.containsAll(inputs)) {
      throw new KeldaException(
          ErrorCode.INVALID_FILE,
          "a model for texts has the inputs %s (at least input_ids), this one has %s"
              .formatted(INPUTS.stream().sorted().toList(), inputs));
    }
    String output = options.output().orElseGet(() -> usualOutput(model.outputs()));
    if (!model.outputs().contains(output)) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "the model has no output \"%s\"; it has %s".formatted(output, model.outputs()));
    }
    OnnxTextModel trial =
        new OnnxTextModel(
            tokenizer.hash(),
            output,
            options.pooling(),
            options.normalize(),
            options.mostTokens(),
            1);
    List<long[]> tokens = Tokenizer.of(tokenizer.bytes(), options.mostTokens()).encode(TEXTS);
    try (OrtSession.RunOptions run = new OrtSession.RunOptions()) {
      float[][] vectors = new TextEncoder(model, trial, allocator).encode(tokens, run);
      return trial.withDimensions(vectors[0].length);
    } catch (OrtException e) {
      throw new KeldaException(
          ErrorCode.INVALID_FILE, "the model cannot embed a text: " + e.getMessage(), e);
    }
  }

  private static String usualOutput(Set<String> outputs) {
    return USUAL_OUTPUTS.stream()
        .filter(outputs::contains)
        .findFirst()
        .orElseGet(() -> outputs.iterator().next());
  }
}
