package dev.kelda.connector.iceberg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.ConnectorContext;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.TableChange;
import dev.kelda.spi.connector.TableDefinition;
import dev.kelda.spi.connector.TableListing;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.connector.View;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.testing.Contexts;
import dev.kelda.spi.testing.PostgresServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two servers that share a catalog in PostgreSQL. */
class TestPostgresCatalog {
  private static final Schema COLUMNS =
      new Schema(
          List.of(
              Field.nullable("id", CanonicalTypes.INT64),
              Field.nullable("name", CanonicalTypes.UTF8),
              Field.nullable("price", CanonicalTypes.FLOAT64)));
  private static PostgresServer postgres;

  @TempDir Path home;
  private IcebergConnector one;
  private IcebergConnector other;

  @BeforeAll
  static void start() {
    postgres = PostgresServer.start();
  }

  @AfterAll
  static void stop() {
    postgres.close();
  }

  @BeforeEach
  void open() {
    one = connect(Map.of());
    other = connect(Map.of());
  }

  @AfterEach
  void close() {
    one.close();
    other.close();
    postgres.execute("DROP SCHEMA public CASCADE", "CREATE SCHEMA public");
  }

  private IcebergConnector connect(Map<String, String> others) {
    Map<String, String> properties =
        new HashMap<>(Map.of("uri", "jdbc:" + postgres.url(), "user", "postgres"));
    properties.putAll(others);
    ConnectorContext context = Contexts.of(home);
    return (IcebergConnector) new IcebergConnectorFactory().create("lake", properties, context);
  }

  @Test
  void oneSeesWhatTheOtherDoes() {
    one.createSchema("s");
    one.createTable("s", "t", TableDefinition.of(COLUMNS));
    append(one, "a");
    assertThat(files(other)).hasSize(1);
    append(other, "b");
    assertThat(files(one)).hasSize(2);
    other.alterTable("s", "t", List.of(new TableChange.DropColumn(List.of("price"), false)));
    assertThat(one.table("s", "t").orElseThrow().schema().getFields()).hasSize(2);
    View.Definition definition =
        new View.Definition(COLUMNS, "SELECT 1", "lake", "s", Optional.empty(), Map.of());
    one.createView("s", "v", definition, false);
    assertThat(other.table("s", "v")).containsInstanceOf(View.class);
    other.renameTable("s", "t", "s", "u");
    assertThat(one.tables("s")).extracting(TableListing::name).containsExactly("u", "v");
    assertThat(one.table("s", "t")).isEmpty();
    assertCode(() -> other.dropSchema("s", false), ErrorCode.SCHEMA_NOT_EMPTY);
    other.dropSchema("s", true);
    assertThat(one.schemas()).containsExactly("main");
  }

  @Test
  void nothingIsLostBetweenThem() throws Exception {
    one.createSchema("s");
    one.createTable("s", "t", TableDefinition.of(COLUMNS));
    List<Future<?>> writers = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (int writer = 0; writer < 4; writer++) {
        IcebergConnector server = writer % 2 == 0 ? one : other;
        String name = "w" + writer;
        writers.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < 5; i++) {
                    append(server, name + "-" + i);
                  }
                }));
      }
    }
    for (Future<?> writer : writers) {
      writer.get();
    }
    assertThat(files(one)).hasSize(20);
    assertThat(files(other)).hasSize(20);
  }

  @Test
  void endedConnectionsAreOpenedAgain() {
    one.createSchema("s");
    one.createTable("s", "t", TableDefinition.of(COLUMNS));
    for (int i = 0; i < 3; i++) {
      postgres.execute(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
              + " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
      assertThat(files(one)).hasSize(i);
      append(one, "a" + i);
    }
    postgres.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            + " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
    assertThat(one.schemas()).containsExactly("main", "s");
  }

  @Test
  void wrongSettingsAreRefused() {
    assertCode(
        () -> connect(Map.of("uri", "jdbc:postgresql://localhost:1/x")), ErrorCode.CATALOG_ERROR);
    assertCode(
        () -> connect(Map.of("uri", "jdbc:" + postgres.url() + "?socketFactory=x")),
        ErrorCode.INVALID_CONFIGURATION);
  }

  private static void append(IcebergConnector connector, String suffix) {
    TableWrite write = connector.insert("s", "t");
    write.commit(List.of(ParquetFiles.write(write.target(), suffix, 0, 100)));
  }

  private static List<Scan.DataFile> files(IcebergConnector connector) {
    return ((Scan.Files) connector.table("s", "t").orElseThrow().scan(List.of())).files();
  }

  private static void assertCode(Runnable action, ErrorCode code) {
    assertThatThrownBy(action::run)
        .isInstanceOfSatisfying(
            KeldaException.class, e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(code));
  }
}
