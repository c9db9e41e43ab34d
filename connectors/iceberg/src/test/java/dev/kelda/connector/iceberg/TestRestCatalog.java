package dev.kelda.connector.iceberg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.connector.iceberg.testing.RestServer;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.ConnectorContext;
import dev.kelda.spi.connector.LocationPolicy;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.TableChange;
import dev.kelda.spi.connector.TableDefinition;
import dev.kelda.spi.connector.TableListing;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.connector.View;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.testing.Contexts;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestRestCatalog {
  private static final Schema COLUMNS =
      new Schema(
          List.of(
              Field.nullable("id", CanonicalTypes.INT64),
              Field.nullable("name", CanonicalTypes.UTF8),
              Field.nullable("price", CanonicalTypes.FLOAT64)));

  @TempDir Path folder;
  private RestServer server;
  private IcebergConnector connector;

  @BeforeEach
  void open() throws Exception {
    String tables = "file://" + folder.resolve("tables");
    Locations locations = new Locations(tables, new LocationPolicy(folder, List.of()));
    server =
        new RestServer(
            folder.resolve("server.db"),
            tables,
            new LocalFileIO(locations, Map.of()),
            (table, answer) -> {});
    connector = connect(Map.of());
  }

  @AfterEach
  void close() throws Exception {
    connector.close();
    server.close();
  }

  /** With these properties in place of the usual ones; an empty value removes one. */
  private IcebergConnector connect(Map<String, String> others) {
    Map<String, String> properties =
        new HashMap<>(
            Map.of(
                "catalog",
                "rest",
                "uri",
                server.uri(),
                "credential",
                RestServer.CREDENTIAL,
                "oauth2-server-uri",
                server.uri() + "/v1/oauth/tokens",
                "location",
                folder.resolve("tables").toUri().toString()));
    properties.putAll(others);
    properties.values().removeIf(String::isEmpty);
    ConnectorContext context = Contexts.of(folder);
    return (IcebergConnector) new IcebergConnectorFactory().create("rest", properties, context);
  }

  @Test
  void tablesLiveAtTheServer() {
    assertThat(connector.schemas()).containsExactly("main");
    connector.createSchema("s");
    connector.createTable("s", "t", TableDefinition.of(COLUMNS));
    assertThat(files("t")).isEmpty();
    append("t", "a");
    append("t", "b");
    assertThat(files("t")).extracting(Scan.DataFile::rows).containsExactly(100L, 100L);

    connector.alterTable("s", "t", List.of(new TableChange.SetProperties(Map.of("k", "v"))));
    connector.renameTable("s", "t", "s", "u");
    assertThat(connector.tables("s")).extracting(TableListing::name).containsExactly("u");
    assertThat(connector.table("s", "t")).isEmpty();
    assertThat(files("u")).hasSize(2);
    connector.truncate("s", "u");
    assertThat(files("u")).isEmpty();
    assertCode(() -> connector.dropSchema("s", false), ErrorCode.SCHEMA_NOT_EMPTY);
    connector.dropSchema("s", true);
    assertThat(connector.schemas()).containsExactly("main");
  }

  @Test
  void tableAppearsWithItsRows() {
    TableWrite write = connector.createTableAs("main", "t", TableDefinition.of(COLUMNS), false);
    assertThat(connector.table("main", "t")).isEmpty();
    write.commit(List.of(ParquetFiles.write(write.target(), "a", 0, 100)));
    assertCode(
        () -> connector.createTableAs("main", "t", TableDefinition.of(COLUMNS), false),
        ErrorCode.TABLE_EXISTS);
    TableWrite other = connector.createTableAs("main", "t", TableDefinition.of(COLUMNS), true);
    other.commit(List.of(ParquetFiles.write(other.target(), "b", 0, 7)));
    Scan.Files scan = (Scan.Files) connector.table("main", "t").orElseThrow().scan(List.of());
    assertThat(scan.files()).extracting(Scan.DataFile::rows).containsExactly(7L);
  }

  @Test
  void viewsLiveAtTheServer() {
    View.Definition definition =
        new View.Definition(COLUMNS, "SELECT 1", "rest", "main", Optional.empty(), Map.of());
    connector.createView("main", "v", definition, false);
    assertThat(connector.table("main", "v")).containsInstanceOf(View.class);
    connector.dropView("main", "v");
    assertThat(connector.table("main", "v")).isEmpty();
  }

  @Test
  void changesOfOthersAreSeenAndQueue() {
    connector.createSchema("s");
    connector.createTable("s", "t", TableDefinition.of(COLUMNS));
    try (IcebergConnector other = connect(Map.of())) {
      TableWrite late = other.insert("s", "t");
      append("t", "a");
      late.commit(List.of(ParquetFiles.write(late.target(), "b", 0, 100)));
    }
    assertThat(files("t")).hasSize(2);
  }

  @Test
  void lostAnswerIsLookedUp() {
    connector.createSchema("s");
    connector.createTable("s", "t", TableDefinition.of(COLUMNS));
    server.loseAnswers();
    append("t", "a");
    assertThat(files("t")).hasSize(1);
  }

  @Test
  void wrongSettingsAreRefused() {
    assertCode(() -> connect(Map.of("credential", "")), ErrorCode.CATALOG_ERROR);
    assertCode(() -> connect(Map.of("credential", "x:y")), ErrorCode.CATALOG_ERROR);
    assertCode(() -> connect(Map.of("uri", "ftp://nowhere")), ErrorCode.INVALID_CONFIGURATION);
    assertCode(() -> connect(Map.of("location", "")), ErrorCode.INVALID_CONFIGURATION);
    assertCode(() -> connect(Map.of("vended-credentials", "yes")), ErrorCode.INVALID_CONFIGURATION);
    assertCode(() -> connect(Map.of("io-impl", "x")), ErrorCode.INVALID_CONFIGURATION);
    assertCode(() -> connect(Map.of("uri", "http://127.0.0.1:1")), ErrorCode.CATALOG_ERROR);
  }

  @Test
  void nothingIsWrittenOutsideTheLocation() {
    try (IcebergConnector elsewhere =
        connect(Map.of("location", folder.resolve("other").toUri().toString()))) {
      assertCode(
          () -> elsewhere.createTableAs("main", "t", TableDefinition.of(COLUMNS), false),
          ErrorCode.ACCESS_DENIED);
    }
  }

  private void append(String table, String suffix) {
    TableWrite write = connector.insert("s", table);
    write.commit(List.of(ParquetFiles.write(write.target(), suffix, 0, 100)));
  }

  private List<Scan.DataFile> files(String table) {
    return ((Scan.Files) connector.table("s", table).orElseThrow().scan(List.of())).files();
  }

  private static void assertCode(Runnable action, ErrorCode code) {
    assertThatThrownBy(action::run)
        .isInstanceOfSatisfying(
            KeldaException.class, e -> assertThat(e.code()).as(e.getMessage()).isEqualTo(code));
  }
}
