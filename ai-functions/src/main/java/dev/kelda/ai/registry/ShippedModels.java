package dev.kelda.ai.registry;

import dev.kelda.ai.registry.OnnxTextModel.Pooling;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Models that come with Kelda, as files on the class path; read when they are first used. */
final class ShippedModels {
  private static final String MINILM_TOKENIZER =
      "da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0";

  private static final OnnxTextModel MINILM_TEXT =
      new OnnxTextModel(MINILM_TOKENIZER, "last_hidden_state", Pooling.MEAN, true, 0, 384);

  /** all-MiniLM-L6-v2 in 32-bit floats: a text's vector does not depend on its neighbours. */
  private static final ModelVersion MINILM =
      new ModelVersion(
          "minilm",
          1,
          "759c3cd2b7fe7e93933ad23c4c9181b7396442a2ed746ec7c1d46192c469c46e",
          90_387_606,
          MINILM_TEXT.signature(),
          "all-MiniLM-L6-v2",
          "",
          Map.of("licence", "Apache-2.0"),
          Map.of(),
          Instant.parse("2021-08-30T00:00:00Z"),
          "kelda",
          Optional.of(MINILM_TEXT));

  private static final Map<String, String> RESOURCES =
      Map.of(
          MINILM.hash(),
          "all-minilm-l6-v2.onnx",
          MINILM_TOKENIZER,
          "all-minilm-l6-v2-tokenizer.json");

  private ShippedModels() {}

  static List<ModelVersion> all() {
    return List.of(MINILM);
  }

  /** The file of that hash; empty when it is none of these. */
  static Optional<byte[]> bytes(String hash) {
    return Optional.ofNullable(RESOURCES.get(hash)).map(ShippedModels::read);
  }

  private static byte[] read(String resource) {
    try (InputStream in = ShippedModels.class.getClassLoader().getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(resource + " is not on the class path");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
