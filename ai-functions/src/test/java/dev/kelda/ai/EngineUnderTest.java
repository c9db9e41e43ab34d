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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** An engine on a folder, and one session of it; its Arrow memory is zero when it closes. */
record EngineUnderTest(QueryEngine engine, Session session) implements AutoCloseable {
  static EngineUnderTest open(Path home) {
    System.setProperty("kelda.strict.allocators", "true");
    QueryEngine engine =
        QueryEngine.open(
            EngineConfig.of(home)
                .withBase(home)
                .withCatalogs(Map.of())
                .withThreads(2)
                .withMemoryBytes(256L << 20));
    return new EngineUnderTest(engine, engine.openSession("tester"));
  }

  /** Rows, their values joined by a bar; nothing for an update. */
  List<String> rows(String sql) {
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

  void fails(ErrorCode code, String part, String sql) {
    assertFails(code, part, () -> rows(sql));
  }

  static void assertFails(ErrorCode code, String part, ThrowingCallable work) {
    assertThatThrownBy(work)
        .isInstanceOfSatisfying(
            KeldaException.class,
            e -> {
              assertThat(e.code()).as(e.describe()).isEqualTo(code);
              assertThat(e.describe()).contains(part);
            });
  }

  /** The body of a route's answer. */
  String call(String method, String path, String model, String body) {
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

  @Override
  public void close() {
    assertThat(engine.metrics().arrowBytes()).isZero();
    engine.close();
  }
}
