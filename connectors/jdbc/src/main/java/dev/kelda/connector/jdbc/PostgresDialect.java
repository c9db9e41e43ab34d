package dev.kelda.connector.jdbc;

import dev.kelda.connector.jdbc.RemoteColumn.Comparable;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.ColumnStatistics;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableListing;
import dev.kelda.spi.connector.TableStatistics;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.apache.arrow.vector.types.pojo.ArrowType;

/**
 * PostgreSQL 12 and newer. {@code numeric} without a precision is read as DECIMAL(38, 9), rounded
 * by the server; CHAR(n) without its trailing spaces; what has no Kelda type (uuid, json, enums,
 * arrays, intervals …) as its text.
 */
record PostgresDialect() implements Dialect {
  private static final String SCHEMAS =
      "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname NOT LIKE 'pg\\_%'"
          + " AND nspname <> 'information_schema' AND has_schema_privilege(oid, 'USAGE')"
          + " ORDER BY 1";
  private static final String TABLES =
      "SELECT c.relname, c.relkind IN ('v', 'm') FROM pg_catalog.pg_class c"
          + " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
          + " WHERE n.nspname = ? AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 1";
  private static final String COLUMNS =
      "SELECT a.attname, coalesce(b.typname, t.typname),"
          + " CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END,"
          + " a.attnotnull OR t.typnotnull, col_description(c.oid, a.attnum),"
          + " coalesce(o.collisdeterministic, true)"
          + " FROM pg_catalog.pg_attribute a"
          + " JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
          + " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
          + " JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
          + " LEFT JOIN pg_catalog.pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype"
          + " LEFT JOIN pg_catalog.pg_collation o ON o.oid = a.attcollation"
          + " WHERE n.nspname = ? AND c.relname = ? AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
          + " AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum";
  // Partitioned tables have no rows of their own; a table never analysed has reltuples -1.
  private static final String ROWS =
      "SELECT sum(CASE WHEN c.reltuples >= 0 THEN c.reltuples"
          + " ELSE pg_relation_size(c.oid) / 64.0 END)"
          + " FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'm', 'f') AND (c.oid = r.oid OR"
          + " c.oid IN (SELECT relid FROM pg_partition_tree(r.oid)))";
  private static final String STATISTICS =
      "SELECT ("
          + ROWS
          + ") FROM pg_catalog.pg_class r"
          + " JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace"
          + " WHERE n.nspname = ? AND r.relname = ? AND r.relkind <> 'v'";
  private static final String COLUMN_STATISTICS =
      "SELECT attname, null_frac, n_distinct FROM pg_catalog.pg_stats"
          + " WHERE schemaname = ? AND tablename = ?";

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
        schema);
  }

  @Override
  public List<RemoteColumn> columns(Connection connection, String schema, String table)
      throws SQLException {
    return Dialect.query(connection, COLUMNS, PostgresDialect::column, schema, table);
  }

  private static RemoteColumn column(ResultSet row) throws SQLException {
    String name = row.getString(1);
    String type = row.getString(2);
    int modifier = row.getInt(3);
    boolean deterministic = row.getBoolean(6);
    String plain = Dialect.quote(name);
    String asText = "CAST(" + plain + " AS text)";
    String string = deterministic ? plain : plain + " COLLATE \"C\"";
    return switch (type) {
      case "bool" -> make(row, CanonicalTypes.BOOL, plain, plain, Comparable.ORDER);
      case "int2" -> make(row, CanonicalTypes.INT16, plain, plain, Comparable.ORDER);
      case "int4" -> make(row, CanonicalTypes.INT32, plain, plain, Comparable.ORDER);
      case "int8" -> make(row, CanonicalTypes.INT64, plain, plain, Comparable.ORDER);
      case "float4" -> make(row, CanonicalTypes.FLOAT32, plain, plain, Comparable.ORDER);
      case "float8" -> make(row, CanonicalTypes.FLOAT64, plain, plain, Comparable.ORDER);
      case "numeric" -> numeric(row, plain, modifier);
      case "text", "varchar" -> make(row, CanonicalTypes.UTF8, plain, string, Comparable.ORDER);
      case "date" -> make(row, CanonicalTypes.DATE32, plain, plain, Comparable.ORDER);
      case "time" -> make(row, CanonicalTypes.TIME64, plain, plain, Comparable.ORDER);
      case "timestamp" -> make(row, CanonicalTypes.TIMESTAMP, plain, plain, Comparable.ORDER);
      case "timestamptz" -> make(row, CanonicalTypes.TIMESTAMP_TZ, plain, plain, Comparable.ORDER);
      case "bytea" -> make(row, CanonicalTypes.BINARY, plain, plain, Comparable.NOTHING);
      default -> make(row, CanonicalTypes.UTF8, asText, asText, Comparable.ORDER);
    };
  }

  private static RemoteColumn numeric(ResultSet row, String plain, int modifier)
      throws SQLException {
    int precision = (modifier - 4) >> 16 & 0xffff;
    int scale = (modifier - 4 & 0x7ff ^ 1024) - 1024;
    if (modifier >= 4 && precision <= 38 && scale >= 0 && scale <= precision) {
      ArrowType type = CanonicalTypes.decimal(precision, scale);
      return make(row, type, plain, plain, Comparable.ORDER);
    }
    String cast = "CAST(" + plain + " AS numeric(38, 9))";
    return make(row, CanonicalTypes.decimal(38, 9), cast, cast, Comparable.ORDER);
  }

  private static RemoteColumn make(
      ResultSet row, ArrowType type, String select, String filter, Comparable comparable)
      throws SQLException {
    return new RemoteColumn(
        row.getString(1),
        type,
        !row.getBoolean(4),
        Optional.ofNullable(row.getString(5)),
        select,
        filter,
        comparable);
  }

  @Override
  public TableStatistics statistics(
      Connection connection, String schema, String table, List<RemoteColumn> columns)
      throws SQLException {
    OptionalDouble rows =
        Dialect.query(connection, STATISTICS, r -> r.getDouble(1), schema, table).stream()
            .mapToDouble(Double::doubleValue)
            .findFirst();
    if (rows.isEmpty()) {
      return TableStatistics.UNKNOWN;
    }
    Map<String, ColumnStatistics> byName = new HashMap<>();
    Dialect.query(
        connection,
        COLUMN_STATISTICS,
        r -> byName.put(r.getString(1), estimate(r.getDouble(2), r.getDouble(3), rows)),
        schema,
        table);
    Map<Integer, ColumnStatistics> byOrdinal = new HashMap<>();
    for (int i = 0; i < columns.size(); i++) {
      byOrdinal.put(i, byName.getOrDefault(columns.get(i).name(), ColumnStatistics.UNKNOWN));
    }
    return new TableStatistics(rows, byOrdinal);
  }

  // A negative n_distinct is a share of the rows; 0 is unknown.
  private static ColumnStatistics estimate(double nulls, double distinct, OptionalDouble rows) {
    double count = distinct < 0 ? -distinct * rows.getAsDouble() : distinct;
    return new ColumnStatistics(
        distinct == 0 ? OptionalDouble.empty() : OptionalDouble.of(count),
        OptionalLong.of(Math.round(nulls * rows.getAsDouble())),
        Optional.empty(),
        Optional.empty());
  }

  @Override
  public String placeholder(ArrowType type) {
    return switch (type) {
      case ArrowType.Date ignored -> "CAST(? AS date)";
      case ArrowType.Time ignored -> "CAST(? AS time)";
      case ArrowType.Timestamp t when t.getTimezone() == null -> "CAST(? AS timestamp)";
      case ArrowType.Timestamp ignored -> "CAST(? AS timestamptz)";
      default -> "?";
    };
  }

  @Override
  public String startsWith(String expression, String prefix) {
    return "starts_with(" + expression + ", ?)";
  }

  @Override
  public String byCodePoint(String expression) {
    return expression.endsWith("COLLATE \"C\"") ? expression : expression + " COLLATE \"C\"";
  }

  @Override
  public CellReader reader(RemoteColumn column) {
    return CellReader.standard(column);
  }

  @Override
  public boolean streamsInTransaction() {
    return true;
  }

  @Override
  public boolean comparesNaN() {
    return true;
  }
}
