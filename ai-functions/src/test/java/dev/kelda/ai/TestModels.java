package dev.kelda.ai;

import static dev.kelda.ai.EngineUnderTest.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kelda.spi.error.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Models through the engine. */
@Timeout(60)
final class TestModels {
  @TempDir Path home;
  private EngineUnderTest engine;

  @BeforeEach
  void open() throws IOException {
    Files.write(home.resolve("linear.onnx"), OnnxFiles.linear());
    Files.write(home.resolve("other.onnx"), OnnxFiles.linear(10));
    Files.write(home.resolve("echo.onnx"), OnnxFiles.echo());
    engine = EngineUnderTest.open(home);
    engine.rows(
        "CREATE MODEL linear WITH ('path' = 'linear.onnx', 'tag.team' = 'a', 'metric.mae' = 0.1)");
  }

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void predictsEachRow() {
    assertThat(
            engine.rows(
                "SELECT a, PREDICT('linear', a, b, 1) FROM (VALUES (1, 2.0), (2, 0.5), (3, NULL))"
                    + " AS t (a, b) ORDER BY a"))
        .containsExactly("1|8.5", "2|6.5", "3|null");
    assertThat(engine.rows("SELECT PREDICT('linear', ARRAY[1.0, 1.0, 1.0])"))
        .containsExactly("6.5");
    assertThat(engine.rows("SELECT PREDICT('LINEAR@1', 1, 2, 3) > 14 AS big"))
        .containsExactly("true");
    assertThat(
            engine.rows("SELECT PREDICT('linear', a, a, a) FROM (VALUES 1) AS t (a) WHERE a > 1"))
        .isEmpty();
  }

  @Test
  void severalOutputsAreARow() {
    engine.rows("CREATE MODEL echo WITH ('path' = 'echo.onnx')");
    assertThat(
            engine.rows(
                "SELECT t.p.word_out, t.p.number_out, t.p.vector_out[2]"
                    + " FROM (SELECT PREDICT('echo', w, 7, 1.5, 2) AS p"
                    + " FROM (VALUES 'a', 'ü', NULL) AS v (w)) AS t ORDER BY 1 NULLS LAST"))
        .containsExactly("a|7|2.0", "ü|7|2.0", "null|null|null");
    engine.rows("CREATE MODEL word WITH ('path' = 'echo.onnx', 'outputs' = 'word_out')");
    assertThat(engine.rows("SELECT PREDICT('word', 'ü', 7, 1)")).containsExactly("ü");
    engine.fails(
        ErrorCode.INVALID_ARGUMENT,
        "no output [nix]",
        "CREATE MODEL nix WITH ('path' = 'echo.onnx', 'outputs' = 'nix')");
  }

  @Test
  void anOutputOfSeveralValuesIsAFieldLikeAnyOther() {
    register("pair", OnnxFiles.identity(OnnxFiles.FLOAT, shape(-1, 2), shape(-1, 2), shape(-1, 2)));
    assertThat(engine.rows("SELECT PREDICT('pair', 1, 2).y, PREDICT('pair', 3, 4).z[2]"))
        .containsExactly("[1.0,2.0]|4.0");
    assertThat(engine.rows("SELECT t.p.z, t.p.* FROM (SELECT PREDICT('pair', 1, 2) AS p) AS t"))
        .containsExactly("[1.0,2.0]|[1.0,2.0]|[1.0,2.0]");
    assertThat(
            engine.rows(
                "SELECT t.p.y, COUNT(*) FROM (SELECT PREDICT('pair', a, 2) AS p"
                    + " FROM (VALUES 1, 1, NULL) AS v (a)) AS t GROUP BY t.p.y ORDER BY 2"))
        .containsExactly("null|1", "[1.0,2.0]|2");
  }

  @Test
  void textsMayBeAnArray() {
    register("words", OnnxFiles.identity(OnnxFiles.STRING, shape(-1, 2), shape(-1, 2)));
    assertThat(engine.rows("SELECT PREDICT('words', 'a', 'ü')")).containsExactly("[\"a\",\"ü\"]");
    assertThat(
            engine.rows(
                "SELECT PREDICT('words', v) FROM (VALUES (ARRAY['a', 'ü']), (ARRAY['b', NULL]),"
                    + " (NULL), (ARRAY['', 'd'])) AS t (v)"))
        .containsExactly("[\"a\",\"ü\"]", "null", "null", "[\"\",\"d\"]");
    engine.fails(
        ErrorCode.INVALID_ARGUMENT, "takes 2 values", "SELECT PREDICT('words', ARRAY['a'])");
  }

  @Test
  void modelsThatNoRowFitsAreRefused() {
    refused("of type UINT32", OnnxFiles.identity(OnnxFiles.UINT32, shape(-1, 1), shape(-1, 1)));
    refused(
        "its first dimension is always 2, not the rows; name the outputs",
        OnnxFiles.identity(OnnxFiles.FLOAT, shape(-1, 2), shape(2, 2)));
    refused(
        "has no inputs",
        OnnxFiles.model(
            OnnxFiles.message()
                .message(1, OnnxFiles.node("Identity", "y", "c"))
                .text(2, "constant")
                .message(5, OnnxFiles.tensor("c", shape(1), 3))
                .message(12, OnnxFiles.value("y", OnnxFiles.FLOAT, 1))));
  }

  private void refused(String message, byte[] model) {
    write("refused", model);
    engine.fails(
        ErrorCode.NOT_SUPPORTED, message, "CREATE MODEL refused WITH ('path' = 'refused.onnx')");
  }

  private void register(String name, byte[] model) {
    write(name, model);
    engine.rows("CREATE MODEL %1$s WITH ('path' = '%1$s.onnx')".formatted(name));
  }

  private void write(String name, byte[] model) {
    try {
      Files.write(home.resolve(name + ".onnx"), model);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long[] shape(long... dimensions) {
    return dimensions;
  }

  @Test
  void aReferenceNamesAModel() {
    for (String reference : List.of("", "@", "@1", "linear@")) {
      engine.fails(
          ErrorCode.MODEL_NOT_FOUND, "model", "SELECT PREDICT('" + reference + "', 1, 2, 3)");
    }
  }

  @Test
  void versionsAndAliases() {
    assertThat(engine.rows("SELECT PREDICT('linear', 0, 0, 0)")).containsExactly("0.5");
    engine.rows("CREATE OR REPLACE MODEL linear WITH ('path' = 'other.onnx')");
    assertThat(engine.rows("SELECT PREDICT('linear', 0, 0, 0)")).containsExactly("10.0");
    assertThat(engine.rows("SELECT PREDICT('linear@1', 0, 0, 0)")).containsExactly("0.5");
    engine.rows("ALTER MODEL linear SET ALIAS champion = 1");
    assertThat(engine.rows("SELECT PREDICT('linear@champion', 0, 0, 0)")).containsExactly("0.5");
    assertThat(engine.rows("SHOW MODELS LIKE 'lin%'").getFirst()).startsWith("linear|2|champion=1");
    engine.rows("ALTER MODEL linear SET ALIAS champion = 2");
    assertThat(engine.rows("SELECT PREDICT('linear@champion', 0, 0, 0)")).containsExactly("10.0");
    assertThat(engine.rows("SHOW MODELS LIKE 'lin%'").getFirst())
        .startsWith("linear|2|champion=2|(x REAL[3]) -> (y REAL)|");
    assertThat(engine.rows("DESCRIBE MODEL linear"))
        .satisfiesExactly(
            one -> assertThat(one).startsWith("linear|1||").contains("{team=a}|{mae=0.1}"),
            two -> assertThat(two).startsWith("linear|2|champion|"));
    engine.rows("ALTER MODEL linear DROP ALIAS champion");
    engine.fails(
        ErrorCode.MODEL_NOT_FOUND, "champion", "SELECT PREDICT('linear@champion', 0, 0, 0)");
    engine.rows("DROP MODEL linear");
    engine.fails(ErrorCode.MODEL_NOT_FOUND, "no model", "SELECT PREDICT('linear', 0, 0, 0)");
    engine.rows("DROP MODEL IF EXISTS linear");
  }

  @Test
  void tagsAndMetricsOfAVersionChange() {
    engine.rows("CREATE OR REPLACE MODEL linear WITH ('path' = 'other.onnx')");
    engine.rows("ALTER MODEL \"linear@1\" SET TAG stage = 'retired'");
    engine.rows("ALTER MODEL linear SET METRIC mae = 0.05");
    engine.rows("ALTER MODEL \"linear@1\" DROP TAG team");
    assertThat(engine.rows("DESCRIBE MODEL linear"))
        .satisfiesExactly(
            one -> assertThat(one).contains("|{stage=retired}|{mae=0.1}|"),
            two -> assertThat(two).contains("|{}|{mae=0.05}|"));
    engine.fails(ErrorCode.INVALID_ARGUMENT, "is a number", "ALTER MODEL linear SET METRIC a = b");
    engine.fails(ErrorCode.INVALID_ARGUMENT, "no tag", "ALTER MODEL linear DROP TAG nix");
    engine.fails(ErrorCode.MODEL_NOT_FOUND, "", "ALTER MODEL \"linear@9\" SET TAG a = 'b'");
    engine.fails(ErrorCode.SYNTAX_ERROR, "ALIAS, TAG", "ALTER MODEL linear SET COLOUR a = 'b'");
    engine.fails(ErrorCode.INVALID_ARGUMENT, "minilm", "ALTER MODEL minilm SET TAG a = 'b'");
  }

  @Test
  void filesGoWithTheLastVersionThatNeedsThem() throws IOException {
    Path own = Files.writeString(home.resolve("warehouse/models/own.onnx"), "left by a person");
    engine.rows("CREATE MODEL same WITH ('path' = 'linear.onnx')");
    engine.rows("CREATE MODEL other WITH ('path' = 'other.onnx')");
    engine.rows("DROP MODEL linear");
    assertThat(engine.rows("SELECT PREDICT('same', 0, 0, 0)")).containsExactly("0.5");
    assertThat(files()).hasSize(3);
    engine.rows("DROP MODEL same");
    assertThat(files()).hasSize(2);
    engine.rows("DROP MODEL other");
    assertThat(files()).containsExactly(own);
  }

  @Test
  void filesThatACrashLeftGoWithTheNextDrop() throws IOException {
    Path kept = files().getFirst();
    Files.copy(kept, kept.resolveSibling("0".repeat(64) + ".onnx"));
    Files.move(kept, kept.resolveSibling(kept.getFileName() + ".aside"));
    engine.rows("DROP MODEL IF EXISTS nix");
    assertThat(files()).containsExactly(kept);
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(home.resolve("warehouse/models"))) {
      return files.toList();
    }
  }

  @Test
  void bigQueryOptions() {
    engine.rows("CREATE MODEL bq OPTIONS (MODEL_TYPE = 'ONNX', MODEL_PATH = 'linear.onnx')");
    assertThat(engine.rows("SELECT PREDICT('bq', 1, 2, 3)")).containsExactly("14.5");
    engine.fails(
        ErrorCode.SYNTAX_ERROR,
        "MODEL_TYPE and MODEL_PATH",
        "CREATE MODEL bad OPTIONS (COLOUR = 'ONNX')");
  }

  @Test
  void tableFunctions() {
    String table = "(SELECT 1 AS a, 2.0 AS b, 3 AS c, 'k' AS k)";
    assertThat(
            engine.rows(
                "SELECT * FROM ML_PREDICT(" + table + ", MODEL linear, DESCRIPTOR(a, b, c))"))
        .containsExactly("1|2.0|3|k|14.5");
    assertThat(
            engine.rows(
                "SELECT prediction FROM ML_PREDICT(model => MODEL linear, INPUT => "
                    + table
                    + ", ARGS => DESCRIPTOR(a, b, c))"))
        .containsExactly("14.5");
    assertThat(
            engine.rows(
                "SELECT prediction FROM ML.PREDICT(MODEL linear, (SELECT ARRAY[1, 1, 1] AS x))"))
        .containsExactly("6.5");
  }

  @Test
  void predictionsArePredictedFrom() {
    String inner =
        "(SELECT * FROM ML_PREDICT((SELECT 1 AS a, 2 AS b), MODEL linear, DESCRIPTOR(a, b, a)))";
    assertThat(
            engine.rows(
                "SELECT * FROM ML_PREDICT("
                    + inner
                    + ", MODEL linear, DESCRIPTOR(a, b, prediction))"))
        .containsExactly("1|2|8.5|31.0");
    assertThat(
            engine.rows(
                "SELECT prediction, prediction0 FROM ML_PREDICT("
                    + inner
                    + ", MODEL linear, DESCRIPTOR(a, b, prediction))"))
        .containsExactly("8.5|31.0");
  }

  @Test
  void signaturesAreCheckedAndErrorsSayWhy() {
    engine.rows(
        "CREATE MODEL declared INPUT (x REAL ARRAY) OUTPUT (y REAL)"
            + " WITH ('path' = 'linear.onnx')");
    engine.rows("CREATE MODEL named INPUT (a REAL, b REAL, c REAL) WITH ('path' = 'linear.onnx')");
    assertThat(
            engine.rows(
                "SELECT prediction FROM ML.PREDICT(MODEL named, (SELECT 3 AS c, 2 AS b, 1 AS a))"))
        .containsExactly("14.5");
    engine.fails(
        ErrorCode.INVALID_ARGUMENT,
        "\"A\" is declared twice (line 1, column 35)",
        "CREATE MODEL twice INPUT (a REAL, A REAL, c REAL) WITH ('path' = 'linear.onnx')");
    engine.fails(
        ErrorCode.INVALID_ARGUMENT,
        "\"x\" is not declared",
        "CREATE MODEL wrong INPUT (a REAL, b REAL) WITH ('path' = 'linear.onnx')");
    engine.fails(
        ErrorCode.INVALID_ARGUMENT,
        "line 1, column 32",
        "CREATE MODEL wrong OUTPUT     (z REAL) WITH ('path' = 'linear.onnx')");
    engine.fails(
        ErrorCode.MODEL_EXISTS, "linear", "CREATE MODEL linear WITH ('path' = 'linear.onnx')");
    engine.fails(ErrorCode.INVALID_ARGUMENT, "2 features", "SELECT PREDICT('linear', 1, 2)");
    engine.fails(ErrorCode.TYPE_MISMATCH, "not Utf8", "SELECT PREDICT('linear', 1, 2, 'x')");
    engine.fails(
        ErrorCode.ACCESS_DENIED, "/etc/passwd", "CREATE MODEL p WITH ('path' = '/etc/passwd')");
    engine.fails(ErrorCode.FILE_NOT_FOUND, "nix", "CREATE MODEL p WITH ('path' = 'nix.onnx')");
    engine.fails(ErrorCode.INVALID_FILE, "ONNX", "CREATE MODEL p WITH ('path' = 'metastore.db')");
    engine.fails(
        ErrorCode.NOT_SUPPORTED,
        "provider",
        "CREATE MODEL p WITH ('path' = 'a', 'provider' = 'pickle')");
    engine.fails(
        ErrorCode.INVALID_ARGUMENT, "no property 'pth'", "CREATE MODEL p WITH ('pth' = 'a')");
    engine.fails(ErrorCode.MODEL_NOT_FOUND, "no version 9", "ALTER MODEL linear SET ALIAS a = 9");
  }

  @Test
  void changedFilesAreNotRun() throws IOException {
    try (Stream<Path> files = Files.list(home.resolve("warehouse/models"))) {
      for (Path file : files.toList()) {
        Files.write(file, OnnxFiles.linear(99));
      }
    }
    engine.fails(ErrorCode.STORAGE_ERROR, "was changed", "SELECT PREDICT('linear', 1, 2, 3)");
  }

  @Test
  void modelsOutliveTheEngine() {
    engine.close();
    engine = EngineUnderTest.open(home);
    assertThat(engine.rows("SELECT PREDICT('linear', 1, 2, 3)")).containsExactly("14.5");
  }

  @Test
  void explainShowsTheVersion() {
    assertThat(
            String.join(
                "\n",
                engine.rows("EXPLAIN SELECT PREDICT('linear', a, a, a) FROM (VALUES 1) AS t (a)")))
        .contains("ai.predict:linear@1");
    assertThat(engine.rows("EXPLAIN CREATE MODEL n WITH ('path' = 'linear.onnx')"))
        .containsExactly("Create model n from 'linear.onnx'");
  }

  @Test
  void inferenceOverHttp() {
    String request =
        "{\"id\":\"7\",\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[2,3],"
            + "\"data\":[[1,2,3],[0,0,0]]}]}";
    assertThat(engine.call("POST", "/v2/models/{model}/infer", "linear@1", request))
        .isEqualTo(
            "{\"model_name\":\"linear\",\"model_version\":\"1\",\"id\":\"7\",\"outputs\":[{\"name\":"
                + "\"y\",\"datatype\":\"FP32\",\"shape\":[2,1],\"data\":[14.5,0.5]}]}");
    assertThat(engine.call("GET", "/v2/models/{model}", "linear", ""))
        .contains("\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-1,3]}]");
    assertFails(
        ErrorCode.MODEL_NOT_FOUND,
        "nix",
        () -> engine.call("GET", "/v2/models/{model}", "nix", ""));
    for (String bad :
        List.of(
            "{}",
            "[]",
            "nonsense",
            request.replace("FP32", "FP64"),
            request.replace("[2,3]", "[3,2]"),
            request.replace("[2,3]", "[2,3,1]"),
            request.replace("[2,3]", "[-2,-3]"),
            request.replace("[0,0,0]", "[0,0]"),
            request.replace("[0,0,0]", "[0,0,\"a\"]"),
            request.replace("\"x\"", "\"z\""))) {
      assertFails(
          ErrorCode.INVALID_ARGUMENT,
          "",
          () -> engine.call("POST", "/v2/models/{model}/infer", "linear", bad));
    }
  }
}
