package dev.kelda.ai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.executor.EngineConfig;
import dev.kelda.executor.QueryEngine;
import dev.kelda.executor.QueryResult;
import dev.kelda.executor.Session;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.http.HttpAnswer;
import dev.kelda.spi.http.HttpCall;
import dev.kelda.spi.http.HttpRoute;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Models through the engine. */
@Timeout(60)
final class TestModels {
  @TempDir Path home;
  private QueryEngine engine;
  private Session session;

  @BeforeEach
  void open() throws IOException {
    Files.write(home.resolve("linear.onnx"), OnnxFiles.linear());
    Files.write(home.resolve("other.onnx"), OnnxFiles.linear(10));
    Files.write(home.resolve("echo.onnx"), OnnxFiles.echo());
    System.setProperty("kelda.strict.allocators", "true");
    engine =
        QueryEngine.open(
            EngineConfig.of(home)
                .withBase(home)
                .withCatalogs(Map.of())
                .withThreads(2)
                .withMemoryBytes(256L << 20));
    session = engine.openSession("tester");
    rows("CREATE MODEL linear WITH ('path' = 'linear.onnx', 'tag.team' = 'a', 'metric.mae' = 0.1)");
  }

  @AfterEach
  void close() {
    assertThat(engine.metrics().arrowBytes()).isZero();
    engine.close();
  }

  @Test
  void predictsEachRow() {
    assertThat(
            rows(
                "SELECT a, PREDICT('linear', a, b, 1) FROM (VALUES (1, 2.0), (2, 0.5), (3, NULL))"
                    + " AS t (a, b) ORDER BY a"))
        .containsExactly("1|8.5", "2|6.5", "3|null");
    assertThat(rows("SELECT PREDICT('linear', ARRAY[1.0, 1.0, 1.0])")).containsExactly("6.5");
    assertThat(rows("SELECT PREDICT('LINEAR@1', 1, 2, 3) > 14 AS big")).containsExactly("true");
    assertThat(rows("SELECT PREDICT('linear', a, a, a) FROM (VALUES 1) AS t (a) WHERE a > 1"))
        .isEmpty();
  }

  @Test
  void oneOfSeveralOutputsIsChosen() {
    rows("CREATE MODEL echo WITH ('path' = 'echo.onnx')");
    assertFails(
        ErrorCode.NOT_SUPPORTED,
        "one value a row",
        () -> rows("SELECT PREDICT('echo', 'word', 7, 1.5)"));
    rows("CREATE MODEL word WITH ('path' = 'echo.onnx', 'outputs' = 'word_out')");
    assertThat(rows("SELECT PREDICT('word', 'ü', 7, 1)")).containsExactly("ü");
  }

  @Test
  void versionsAndAliases() {
    assertThat(rows("SELECT PREDICT('linear', 0, 0, 0)")).containsExactly("0.5");
    rows("CREATE OR REPLACE MODEL linear WITH ('path' = 'other.onnx')");
    assertThat(rows("SELECT PREDICT('linear', 0, 0, 0)")).containsExactly("10.0");
    assertThat(rows("SELECT PREDICT('linear@1', 0, 0, 0)")).containsExactly("0.5");
    rows("ALTER MODEL linear SET ALIAS champion = 1");
    assertThat(rows("SELECT PREDICT('linear@champion', 0, 0, 0)")).containsExactly("0.5");
    rows("ALTER MODEL linear SET ALIAS champion = 2");
    assertThat(rows("SELECT PREDICT('linear@champion', 0, 0, 0)")).containsExactly("10.0");
    assertThat(rows("SHOW MODELS LIKE 'lin%'").getFirst())
        .startsWith("linear|2|champion|(x REAL[3]) -> (y REAL)|");
    assertThat(rows("DESCRIBE MODEL linear")).hasSize(2);
    assertThat(rows("DESCRIBE MODEL linear").getFirst()).contains("{team=a}|{mae=0.1}");
    rows("DROP MODEL linear");
    assertFails(
        ErrorCode.MODEL_NOT_FOUND, "no model", () -> rows("SELECT PREDICT('linear', 0, 0, 0)"));
    rows("DROP MODEL IF EXISTS linear");
  }

  @Test
  void tableFunctions() {
    String table = "(SELECT 1 AS a, 2.0 AS b, 3 AS c, 'k' AS k)";
    assertThat(rows("SELECT * FROM ML_PREDICT(" + table + ", MODEL linear, DESCRIPTOR(a, b, c))"))
        .containsExactly("1|2.0|3|k|14.5");
    assertThat(
            rows("SELECT prediction FROM ML.PREDICT(MODEL linear, (SELECT ARRAY[1, 1, 1] AS x))"))
        .containsExactly("6.5");
  }

  @Test
  void signaturesAreCheckedAndErrorsSayWhy() {
    rows(
        "CREATE MODEL declared INPUT (x REAL ARRAY) OUTPUT (y REAL)"
            + " WITH ('path' = 'linear.onnx')");
    assertFails(
        ErrorCode.INVALID_ARGUMENT,
        "line 1, column 32",
        () -> rows("CREATE MODEL wrong OUTPUT     (z REAL) WITH ('path' = 'linear.onnx')"));
    assertFails(
        ErrorCode.MODEL_EXISTS,
        "linear",
        () -> rows("CREATE MODEL linear WITH ('path' = 'linear.onnx')"));
    assertFails(
        ErrorCode.INVALID_ARGUMENT, "2 features", () -> rows("SELECT PREDICT('linear', 1, 2)"));
    assertFails(
        ErrorCode.TYPE_MISMATCH, "not Utf8", () -> rows("SELECT PREDICT('linear', 1, 2, 'x')"));
    assertFails(
        ErrorCode.ACCESS_DENIED,
        "/etc/passwd",
        () -> rows("CREATE MODEL p WITH ('path' = '/etc/passwd')"));
    assertFails(
        ErrorCode.FILE_NOT_FOUND, "nix", () -> rows("CREATE MODEL p WITH ('path' = 'nix.onnx')"));
    assertFails(
        ErrorCode.INVALID_FILE,
        "ONNX",
        () -> rows("CREATE MODEL p WITH ('path' = 'metastore.db')"));
    assertFails(
        ErrorCode.NOT_SUPPORTED,
        "provider",
        () -> rows("CREATE MODEL p WITH ('path' = 'a', 'provider' = 'pickle')"));
    assertFails(
        ErrorCode.INVALID_ARGUMENT,
        "no property 'pth'",
        () -> rows("CREATE MODEL p WITH ('pth' = 'a')"));
    assertFails(
        ErrorCode.MODEL_NOT_FOUND,
        "no version 9",
        () -> rows("ALTER MODEL linear SET ALIAS a = 9"));
  }

  @Test
  void changedFilesAreNotRun() throws IOException {
    try (Stream<Path> files = Files.list(home.resolve("warehouse/models"))) {
      for (Path file : files.toList()) {
        Files.write(file, OnnxFiles.linear(99));
      }
    }
    assertFails(
        ErrorCode.STORAGE_ERROR, "was changed", () -> rows("SELECT PREDICT('linear', 1, 2, 3)"));
  }

  @Test
  void modelsOutliveTheEngine() {
    engine.close();
    engine = QueryEngine.open(EngineConfig.of(home).withBase(home).withCatalogs(Map.of()));
    session = engine.openSession("tester");
    assertThat(rows("SELECT PREDICT('linear', 1, 2, 3)")).containsExactly("14.5");
  }

  @Test
  void explainShowsTheVersion() {
    assertThat(
            String.join(
                "\n", rows("EXPLAIN SELECT PREDICT('linear', a, a, a) FROM (VALUES 1) AS t (a)")))
        .contains("ai.predict:linear@1");
    assertThat(rows("EXPLAIN CREATE MODEL n WITH ('path' = 'linear.onnx')"))
        .containsExactly("Create model n from 'linear.onnx'");
  }

  @Test
  void inferenceOverHttp() {
    String request =
        "{\"id\":\"7\",\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[2,3],"
            + "\"data\":[[1,2,3],[0,0,0]]}]}";
    assertThat(call("POST", "/v2/models/{model}/infer", "linear@1", request))
        .isEqualTo(
            "{\"model_name\":\"linear\",\"model_version\":\"1\",\"id\":\"7\",\"outputs\":[{\"name\":"
                + "\"y\",\"datatype\":\"FP32\",\"shape\":[2,1],\"data\":[14.5,0.5]}]}");
    assertThat(call("GET", "/v2/models/{model}", "linear", ""))
        .contains("\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[-1,3]}]");
    assertFails(
        ErrorCode.MODEL_NOT_FOUND, "nix", () -> call("GET", "/v2/models/{model}", "nix", ""));
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
          () -> call("POST", "/v2/models/{model}/infer", "linear", bad));
    }
  }

  private String call(String method, String path, String model, String body) {
    HttpRoute route =
        engine.routes().stream()
            .filter(r -> r.method().equals(method) && r.path().equals(path))
            .findFirst()
            .orElseThrow();
    HttpAnswer answer =
        route
            .handler()
            .handle(
                new HttpCall(
                    "tester",
                    Map.of("model", model),
                    "",
                    Map.of(),
                    body.getBytes(StandardCharsets.UTF_8)));
    return new String(answer.body(), StandardCharsets.UTF_8);
  }

  private List<String> rows(String sql) {
    List<String> rows = new ArrayList<>();
    try (QueryResult result = engine.run(session, sql)) {
      if (result.isUpdate()) {
        return rows;
      }
      while (result.reader().loadNextBatch()) {
        VectorSchemaRoot root = result.reader().getVectorSchemaRoot();
        for (int row = 0; row < root.getRowCount(); row++) {
          List<String> values = new ArrayList<>();
          for (FieldVector vector : root.getFieldVectors()) {
            values.add(String.valueOf(vector.getObject(row)));
          }
          rows.add(String.join("|", values));
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return rows;
  }

  private static void assertFails(ErrorCode code, String part, ThrowingCallable work) {
    assertThatThrownBy(work)
        .isInstanceOfSatisfying(
            KeldaException.class,
            e -> {
              assertThat(e.code()).as(e.describe()).isEqualTo(code);
              assertThat(e.describe()).contains(part);
            });
  }
}
