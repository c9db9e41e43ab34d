package dev.kelda.ai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.kelda.spi.error.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** EMBED through the engine, with the model that comes with Kelda and with registered ones. */
@Timeout(120)
final class TestEmbed {
  /** Words are numbered: [PAD] 0, [UNK] 1, one 2, two 3, three 4. */
  private static final String TOKENIZER =
      """
      {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
       "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
       "model": {"type": "WordLevel", "unk_token": "[UNK]",
                 "vocab": {"[PAD]": 0, "[UNK]": 1, "one": 2, "two": 3, "three": 4}}}
      """;

  @TempDir Path home;
  private EngineUnderTest engine;

  @BeforeEach
  void open() throws IOException {
    Files.writeString(home.resolve("tokenizer.json"), TOKENIZER);
    Files.write(home.resolve("tokens.onnx"), OnnxFiles.tokens(5, "input_ids", "attention_mask"));
    engine = EngineUnderTest.open(home);
  }

  @AfterEach
  void close() {
    engine.close();
  }

  private void create(String name, String... properties) {
    engine.rows(
        "CREATE OR REPLACE MODEL %s WITH ('path' = 'tokens.onnx', 'tokenizer' = 'tokenizer.json'%s)"
            .formatted(
                name, String.join("", Arrays.stream(properties).map(p -> ", " + p).toList())));
  }

  @Test
  void theMeanOfTheTokens() {
    create("words", "'normalize' = 'false'");
    assertThat(
            engine.rows(
                "SELECT EMBED(t, 'words') FROM (VALUES (1, 'one three'), (2, 'two'),"
                    + " (3, NULL), (4, 'one one one three x')) AS v (i, t) ORDER BY i"))
        .containsExactly("[3.0,1.0,0.0,0.0]", "[3.0,1.0,0.0,0.0]", "null", "[2.2,1.0,0.0,0.0]");
    create("first", "'normalize' = 'false'", "'pooling' = 'cls'");
    assertThat(engine.rows("SELECT EMBED('two three', 'first')"))
        .containsExactly("[3.0,1.0,0.0,0.0]");
    create("short", "'normalize' = 'false'", "'max_tokens' = '2'");
    assertThat(engine.rows("SELECT AI_EMBED('one two three three', 'short')"))
        .containsExactly("[2.5,1.0,0.0,0.0]");
    create("unit");
    assertThat(vector(engine.rows("SELECT AI.EMBED('three', 'unit')").getFirst()))
        .containsExactly(
            new float[] {(float) (4 / Math.sqrt(17)), (float) (1 / Math.sqrt(17)), 0, 0},
            offset(1e-6f));
    assertThat(engine.rows("DESCRIBE MODEL unit").getFirst())
        .contains("(text VARCHAR) -> (embedding REAL[4])");
  }

  @Test
  void whatStandsBesideATextDoesNotMatter() {
    List<String> texts =
        IntStream.range(0, 60)
            .mapToObj(i -> "word " + "and more ".repeat(i % 17) + i % 40)
            .toList();
    String values = String.join(", ", texts.stream().map(t -> "('" + t + "')").toList());
    List<String> together =
        engine.rows("SELECT EMBED(t, 'minilm') FROM (VALUES " + values + ") AS v (t)");
    assertThat(together).hasSize(60);
    for (int i = 0; i < 60; i += 11) {
      String spaced = "SELECT EMBED('" + texts.get(i) + " ', 'minilm')"; // not the text remembered
      float[] alone = vector(engine.rows(spaced).getFirst());
      assertThat(alone).hasSize(384);
      assertThat(cosine(alone, vector(together.get(i)))).isCloseTo(1, offset(1e-6));
    }
  }

  @Test
  void similarTextsAreNear() {
    List<float[]> vectors =
        engine
            .rows(
                "SELECT EMBED(t, 'minilm') FROM (VALUES (1, 'shipment arrived too late'),"
                    + " (2, 'my delivery is delayed'), (3, 'the cat sleeps')) AS v (i, t) ORDER BY i")
            .stream()
            .map(TestEmbed::vector)
            .toList();
    assertThat(cosine(vectors.get(0), vectors.get(1)))
        .isGreaterThan(0.5)
        .isGreaterThan(cosine(vectors.get(0), vectors.get(2)) + 0.3);
  }

  @Test
  void theShippedModelStays() {
    assertThat(engine.rows("SHOW MODELS LIKE 'minilm'").getFirst())
        .startsWith("minilm|1||(text VARCHAR) -> (embedding REAL[384])|");
    engine.fails(ErrorCode.INVALID_ARGUMENT, "comes with Kelda", "DROP MODEL minilm");
    engine.fails(
        ErrorCode.MODEL_EXISTS, "minilm", "CREATE MODEL MiniLM WITH ('path' = 'tokens.onnx')");
    engine.fails(
        ErrorCode.INVALID_ARGUMENT, "EMBED(text, 'minilm')", "SELECT PREDICT('minilm', 'x')");
  }

  @Test
  void errorsSayWhy() throws IOException {
    engine.fails(ErrorCode.MODEL_NOT_FOUND, "nix", "SELECT EMBED('a', 'nix')");
    engine.fails(ErrorCode.TYPE_MISMATCH, "EMBED takes a text", "SELECT EMBED(1, 'minilm')");
    engine.fails(
        ErrorCode.INVALID_ARGUMENT,
        "constant text",
        "SELECT EMBED(t, t) FROM (VALUES ('a')) AS v (t)");
    Files.write(home.resolve("linear.onnx"), OnnxFiles.linear());
    engine.rows("CREATE MODEL linear WITH ('path' = 'linear.onnx')");
    engine.fails(ErrorCode.INVALID_ARGUMENT, "use PREDICT", "SELECT EMBED('a', 'linear')");
    engine.fails(
        ErrorCode.INVALID_FILE,
        "input_ids",
        "CREATE MODEL t WITH ('path' = 'linear.onnx', 'tokenizer' = 'tokenizer.json')");
    engine.fails(
        ErrorCode.INVALID_ARGUMENT,
        "'tokenizer'",
        "CREATE MODEL t WITH ('path' = 'tokens.onnx', 'pooling' = 'cls')");
    engine.fails(
        ErrorCode.INVALID_ARGUMENT,
        "'mean' or 'cls'",
        "CREATE MODEL t WITH ('path' = 'tokens.onnx', 'tokenizer' = 'tokenizer.json',"
            + " 'pooling' = 'max')");
    for (String json : List.of("", "{}", "nonsense", TOKENIZER.replace("WordLevel", "Nix"))) {
      Files.writeString(home.resolve("bad.json"), json);
      engine.fails(
          ErrorCode.INVALID_FILE,
          "tokenizer",
          "CREATE MODEL t WITH ('path' = 'tokens.onnx', 'tokenizer' = 'bad.json')");
    }
    Files.write(home.resolve("small.onnx"), OnnxFiles.tokens(1, "input_ids"));
    engine.fails(
        ErrorCode.INVALID_FILE,
        "cannot embed",
        "CREATE MODEL t WITH ('path' = 'small.onnx', 'tokenizer' = 'tokenizer.json')");
  }

  private static float[] vector(String text) {
    String[] parts = text.substring(1, text.length() - 1).split(",");
    float[] vector = new float[parts.length];
    for (int i = 0; i < parts.length; i++) {
      vector[i] = Float.parseFloat(parts[i]);
    }
    return vector;
  }

  private static double cosine(float[] a, float[] b) {
    double dot = 0;
    for (int i = 0; i < a.length; i++) {
      dot += a[i] * b[i];
    }
    return dot;
  }
}
