package dev.kelda.planner;

import dev.kelda.spi.connector.ColumnStatistics;
import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableListing;
import dev.kelda.spi.connector.TableStatistics;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** Tables with schemas and statistics but no rows, by schema and name. */
final class MemoryConnector implements Connector {
  private final Map<String, Map<String, Table>> tables = new LinkedHashMap<>();

  MemoryConnector add(String schema, String name, Table table) {
    tables.computeIfAbsent(schema, s -> new LinkedHashMap<>()).put(name, table);
    return this;
  }

  @Override
  public List<String> schemas() {
    return List.copyOf(tables.keySet());
  }

  @Override
  public List<TableListing> tables(String schema) {
    return tables.getOrDefault(schema, Map.of()).keySet().stream()
        .map(n -> new TableListing(n, TableKind.TABLE))
        .toList();
  }

  @Override
  public Optional<Table> table(String schema, String name) {
    return Optional.ofNullable(tables.getOrDefault(schema, Map.of()).get(name));
  }

  @Override
  public List<TableFunction> tableFunctions() {
    return List.of(
        new TableFunction() {
          @Override
          public String name() {
            return "READ_PARQUET";
          }

          @Override
          public List<Parameter> parameters() {
            return List.of(
                new Parameter("path", ArrowType.Utf8.INSTANCE, true),
                new Parameter("union_by_name", ArrowType.Bool.INSTANCE, false));
          }

          @Override
          public String description() {
            return "Parquet files.";
          }

          @Override
          public Table apply(Map<String, Scalar> arguments) {
            return new MemoryTable("file", 1000).column("x", new ArrowType.Int(64, true));
          }
        });
  }

  @Override
  public void close() {}

  /** A table whose source applies every predicate on its first column exactly. */
  static final class MemoryTable implements Table {
    private final String version;
    private final double rows;
    private final List<Field> fields = new java.util.ArrayList<>();
    private final Map<Integer, ColumnStatistics> statistics = new HashMap<>();

    MemoryTable(String version, double rows) {
      this.version = version;
      this.rows = rows;
    }

    MemoryTable column(String name, ArrowType type) {
      fields.add(new Field(name, FieldType.nullable(type), null));
      return this;
    }

    MemoryTable column(Field field) {
      fields.add(field);
      return this;
    }

    MemoryTable column(String name, ArrowType type, double distinct) {
      statistics.put(
          fields.size(),
          new ColumnStatistics(
              OptionalDouble.of(distinct), OptionalLong.of(0), Optional.empty(), Optional.empty()));
      return column(name, type);
    }

    MemoryTable column(String name, ArrowType type, long min, long max) {
      statistics.put(
          fields.size(),
          new ColumnStatistics(
              OptionalDouble.empty(),
              OptionalLong.of(0),
              Optional.of(Scalar.of(type, min)),
              Optional.of(Scalar.of(type, max))));
      return column(name, type);
    }

    @Override
    public Schema schema() {
      return new Schema(fields);
    }

    @Override
    public TableKind kind() {
      return TableKind.TABLE;
    }

    @Override
    public TableStatistics statistics() {
      return new TableStatistics(OptionalDouble.of(rows), statistics);
    }

    @Override
    public String version() {
      return version;
    }

    @Override
    public List<Predicate> appliedExactly(List<Predicate> conjuncts) {
      return conjuncts.stream()
          .filter(p -> p instanceof Predicate.Comparison c && c.column() == 0)
          .toList();
    }

    @Override
    public Scan scan(List<Predicate> conjuncts) {
      throw new UnsupportedOperationException("no rows");
    }
  }
}
