package dev.kelda.executor.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kelda.executor.setting.SettingValues;
import dev.kelda.planner.catalog.Catalogs;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableListing;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.junit.jupiter.api.Test;

class TestSystemConnector {
  private final Catalogs catalogs = new Catalogs();
  private final SystemConnector system =
      new SystemConnector(
          catalogs,
          List::of,
          List::of,
          List::of,
          List::of,
          () -> SettingValues.DEFAULTS,
          List.of());

  TestSystemConnector() {
    catalogs.register("system", system);
    catalogs.register("dead", new DeadConnector());
  }

  @Test
  void informationSchemaListsEveryCatalogThatAnswers() throws Exception {
    assertThat(read("information_schema", "tables", List.of(), List.of(0, 1, 2)))
        .contains("system|main|queries", "system|information_schema|columns")
        .noneMatch(row -> row.startsWith("dead|main"));
  }

  @Test
  void conditionsOnNamesSaveListings() throws Exception {
    Predicate settings = equal(2, "settings");
    assertThat(read("information_schema", "columns", List.of(settings), List.of(2, 3)))
        .containsExactly(
            "settings|name",
            "settings|value",
            "settings|default",
            "settings|type",
            "settings|description");
  }

  @Test
  void settingsShowTheSessionsValues() throws Exception {
    assertThat(read("main", "settings", List.of(), List.of(0, 1))).contains("batch_rows|16384");
  }

  private static Predicate equal(int column, String value) {
    return new Predicate.Comparison(
        column, Predicate.Operator.EQUAL, Scalar.of(CanonicalTypes.UTF8, value));
  }

  private List<String> read(
      String schema, String table, List<Predicate> conjuncts, List<Integer> columns)
      throws IOException {
    Scan.Java scan = (Scan.Java) system.table(schema, table).orElseThrow().scan(conjuncts);
    List<String> rows = new ArrayList<>();
    try (RootAllocator allocator = new RootAllocator();
        ArrowReader reader =
            scan.open(
                allocator, new Scan.OpenRequest(0, columns, List.of(), OptionalLong.empty()))) {
      while (reader.loadNextBatch()) {
        for (int i = 0; i < reader.getVectorSchemaRoot().getRowCount(); i++) {
          List<String> values = new ArrayList<>();
          for (FieldVector vector : reader.getVectorSchemaRoot().getFieldVectors()) {
            values.add(vector.getObject(i).toString());
          }
          rows.add(String.join("|", values));
        }
      }
    }
    return rows;
  }

  private static final class DeadConnector implements Connector {
    @Override
    public List<String> schemas() {
      throw new IllegalStateException("down");
    }

    @Override
    public List<TableListing> tables(String schema) {
      throw new IllegalStateException("down");
    }

    @Override
    public Optional<Table> table(String schema, String name) {
      throw new IllegalStateException("down");
    }

    @Override
    public void close() {}
  }
}
