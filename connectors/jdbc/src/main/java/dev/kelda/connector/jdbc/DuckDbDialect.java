package dev.kelda.connector.jdbc;

import dev.kelda.connector.jdbc.RemoteColumn.Comparable;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableListing;
import dev.kelda.spi.connector.TableStatistics;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.arrow.vector.types.pojo.ArrowType;

/**
 * A DuckDB file, opened read only. Unsigned integers are read as the next larger type, HUGEINT as
 * DECIMAL(38, 0); what has no Kelda type here (nested types, UUID, enums, intervals …) as its text.
 */
record DuckDbDialect() implements Dialect {
  private static final Pattern DECIMAL = Pattern.compile("DECIMAL\\((\\d+),\\s*(\\d+)\\)");
  private static final String SCHEMAS =
      "SELECT schema_name FROM duckdb_schemas() WHERE database_name = current_database()"
          + " AND schema_name NOT IN ('information_schema', 'pg_catalog') ORDER BY 1";
  private static final String TABLES =
      "SELECT table_name, FALSE FROM duckdb_tables() WHERE database_name = current_database()"
          + " AND schema_name = ? AND NOT internal"
          + " UNION ALL SELECT view_name, TRUE FROM duckdb_views()"
          + " WHERE database_name = current_database() AND schema_name = ? AND NOT internal"
          + " ORDER BY 1";
  private static final String COLUMNS =
      "SELECT column_name, data_type, is_nullable, comment FROM duckdb_columns()"
          + " WHERE database_name = current_database() AND schema_name = ? AND table_name = ?"
          + " AND NOT internal ORDER BY column_index";
  private static final String ROWS =
      "SELECT estimated_size FROM duckdb_tables() WHERE database_name = current_database()"
          + " AND schema_name = ? AND table_name = ?";

  @Override
  public List<String> schemas(Connection connection) throws SQLException {
    return Dialect.query(connection, SCHEMAS, rows -> rows.getString(1));
  }

  @Override
  public List<TableListing> tables(Connection connection, String schema) throws SQLException {
    return Dialect.query(
        connection,
        TABLES,
        rows ->
            new TableListing(
                rows.getString(1), rows.getBoolean(2) ? TableKind.VIEW : TableKind.TABLE),
        schema,
        schema);
  }

  @Override
  public List<RemoteColumn> columns(Connection connection, String schema, String table)
      throws SQLException {
    return Dialect.query(connection, COLUMNS, DuckDbDialect::column, schema, table);
  }

  private static RemoteColumn column(ResultSet row) throws SQLException {
    String plain = Dialect.quote(row.getString(1));
    String type = row.getString(2);
    String asText = "CAST(" + plain + " AS VARCHAR)";
    Matcher decimal = DECIMAL.matcher(type);
    if (decimal.matches()) {
      int precision = Integer.parseInt(decimal.group(1));
      int scale = Integer.parseInt(decimal.group(2));
      return make(row, CanonicalTypes.decimal(precision, scale), plain, Comparable.ORDER);
    }
    return switch (type) {
      case "BOOLEAN" -> make(row, CanonicalTypes.BOOL, plain, Comparable.ORDER);
      case "TINYINT" -> make(row, CanonicalTypes.INT8, plain, Comparable.ORDER);
      case "SMALLINT", "UTINYINT" -> make(row, CanonicalTypes.INT16, plain, Comparable.ORDER);
      case "INTEGER", "USMALLINT" -> make(row, CanonicalTypes.INT32, plain, Comparable.ORDER);
      case "BIGINT", "UINTEGER" -> make(row, CanonicalTypes.INT64, plain, Comparable.ORDER);
      case "UBIGINT" -> cast(row, CanonicalTypes.decimal(20, 0), "DECIMAL(20, 0)");
      case "HUGEINT", "UHUGEINT" -> cast(row, CanonicalTypes.decimal(38, 0), "DECIMAL(38, 0)");
      case "FLOAT" -> make(row, CanonicalTypes.FLOAT32, plain, Comparable.ORDER);
      case "DOUBLE" -> make(row, CanonicalTypes.FLOAT64, plain, Comparable.ORDER);
      case "VARCHAR" -> make(row, CanonicalTypes.UTF8, plain, Comparable.ORDER);
      case "BLOB" -> make(row, CanonicalTypes.BINARY, plain, Comparable.NOTHING);
      case "DATE" -> make(row, CanonicalTypes.DATE32, plain, Comparable.ORDER);
      case "TIME" -> make(row, CanonicalTypes.TIME64, plain, Comparable.ORDER);
      case "TIMESTAMP" -> make(row, CanonicalTypes.TIMESTAMP, plain, Comparable.ORDER);
      case "TIMESTAMP_S", "TIMESTAMP_MS" -> cast(row, CanonicalTypes.TIMESTAMP, "TIMESTAMP");
      case "TIMESTAMP WITH TIME ZONE" ->
          make(row, CanonicalTypes.TIMESTAMP_TZ, plain, Comparable.ORDER);
      case "TIMESTAMP_NS" ->
          new RemoteColumn(
              row.getString(1),
              CanonicalTypes.TIMESTAMP_NANOS,
              row.getBoolean(3),
              Optional.ofNullable(row.getString(4)),
              "epoch_ns(" + plain + ")",
              plain,
              Comparable.NOTHING);
      default -> make(row, CanonicalTypes.UTF8, asText, Comparable.ORDER);
    };
  }

  private static RemoteColumn cast(ResultSet row, ArrowType type, String remote)
      throws SQLException {
    String expression = "CAST(" + Dialect.quote(row.getString(1)) + " AS " + remote + ")";
    return make(row, type, expression, Comparable.ORDER);
  }

  private static RemoteColumn make(
      ResultSet row, ArrowType type, String expression, Comparable comparable) throws SQLException {
    return new RemoteColumn(
        row.getString(1),
        type,
        row.getBoolean(3),
        Optional.ofNullable(row.getString(4)),
        expression,
        expression,
        comparable);
  }

  @Override
  public TableStatistics statistics(
      Connection connection, String schema, String table, List<RemoteColumn> columns)
      throws SQLException {
    OptionalDouble rows =
        Dialect.query(connection, ROWS, r -> r.getDouble(1), schema, table).stream()
            .mapToDouble(Double::doubleValue)
            .findFirst();
    return new TableStatistics(rows, Map.of());
  }

  @Override
  public String placeholder(ArrowType type) {
    return switch (type) {
      case ArrowType.Date ignored -> "CAST(? AS DATE)";
      case ArrowType.Time ignored -> "CAST(? AS TIME)";
      case ArrowType.Timestamp t when t.getTimezone() == null -> "CAST(? AS TIMESTAMP)";
      case ArrowType.Timestamp ignored -> "CAST(? AS TIMESTAMPTZ)";
      case ArrowType.Decimal d ->
          "CAST(? AS DECIMAL(" + d.getPrecision() + ", " + d.getScale() + "))";
      default -> "?";
    };
  }

  @Override
  public String startsWith(String expression, String prefix) {
    return "starts_with(" + expression + ", ?)";
  }

  @Override
  public String byCodePoint(String expression) {
    return expression;
  }

  @Override
  public CellReader reader(RemoteColumn column) {
    return column.type().equals(CanonicalTypes.TIMESTAMP_NANOS)
        ? CellReader.epochNanos()
        : CellReader.standard(column);
  }

  @Override
  public boolean streamsInTransaction() {
    return false;
  }

  @Override
  public boolean comparesNaN() {
    return true;
  }
}
