package dev.kelda.executor;

import dev.kelda.executor.run.Executions;
import dev.kelda.spi.connector.Scalar;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;

/** An engine on a home folder of its own, and results as text. */
public final class EngineTester implements AutoCloseable {
  public final QueryEngine engine;
  public final Session session;

  public EngineTester(Path home) {
    this(config(home));
  }

  public EngineTester(EngineConfig config) {
    System.setProperty(Executions.STRICT, "true");
    engine = QueryEngine.open(config);
    session = engine.openSession("tester");
  }

  public static EngineConfig config(Path home) {
    return EngineConfig.of(home)
        .withCatalogs(Map.of("lake", new EngineConfig.CatalogConfig("memory", Map.of())))
        .withThreads(2)
        .withMemoryBytes(512L << 20);
  }

  /** One string per row, values separated by {@code |}. */
  public List<String> rows(String sql) {
    try (QueryResult result = engine.run(session, sql)) {
      return rows(result);
    }
  }

  public List<String> rows(Prepared prepared, Scalar... parameters) {
    try (QueryResult result = engine.execute(session, prepared, List.of(parameters))) {
      return rows(result);
    }
  }

  public long update(String sql) {
    try (QueryResult result = engine.run(session, sql)) {
      return result.updateCount();
    }
  }

  static List<String> rows(QueryResult result) {
    List<String> rows = new ArrayList<>();
    try {
      ArrowReader reader = result.reader();
      while (reader.loadNextBatch()) {
        VectorSchemaRoot root = reader.getVectorSchemaRoot();
        for (int row = 0; row < root.getRowCount(); row++) {
          List<String> values = new ArrayList<>();
          for (FieldVector vector : root.getFieldVectors()) {
            values.add(String.valueOf(vector.getObject(row)));
          }
          rows.add(String.join("|", values));
        }
      }
      return rows;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    engine.close();
  }
}
