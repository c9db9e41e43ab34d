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
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.arrow.vector.types.pojo.ArrowType;

/**
 * A SQLite file, opened read only. Types come from the declarations by SQLite's affinity rules plus
 * DECIMAL(p, s), BOOLEAN, DATE, TIME and DATETIME/TIMESTAMP (ISO text, or milliseconds since 1970
 * as the Java driver stores them); a column without a declared type is read as text. A value that
 * does not fit its column's declaration is an error when it is read.
 */
record SqliteDialect() implements Dialect {
  private static final String SCHEMA = "main";
  private static final Pattern DECIMAL =
      Pattern.compile("(?:DECIMAL|NUMERIC)\\s*\\(\\s*(\\d+)\\s*(?:,\\s*(\\d+)\\s*)?\\)");

  @Override
  public List<String> schemas(Connection connection) {
    return List.of(SCHEMA);
  }

  @Override
  public List<TableListing> tables(Connection connection, String schema) throws SQLException {
    if (!schema.equals(SCHEMA)) {
      return List.of();
    }
    return Dialect.query(
        connection,
        "SELECT name, type = 'view' FROM sqlite_schema WHERE type IN ('table', 'view')"
            + " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1",
        rows ->
            new TableListing(
                rows.getString(1), rows.getBoolean(2) ? TableKind.VIEW : TableKind.TABLE));
  }

  @Override
  public List<RemoteColumn> columns(Connection connection, String schema, String table)
      throws SQLException {
    if (!schema.equals(SCHEMA)) {
      return List.of();
    }
    // The pragma would match a table whatever the case of its name.
    return Dialect.query(
        connection,
        "SELECT c.name, c.type, c.\"notnull\" FROM sqlite_schema s,"
            + " pragma_table_xinfo(s.name) c WHERE s.name = ? AND s.type IN ('table', 'view')"
            + " AND c.hidden <> 1 ORDER BY c.cid",
        SqliteDialect::column,
        table);
  }

  private static RemoteColumn column(ResultSet row) throws SQLException {
    String name = row.getString(1);
    String declared = Optional.ofNullable(row.getString(2)).orElse("").toUpperCase(Locale.ROOT);
    String plain = Dialect.quote(name);
    ArrowType type = type(declared.strip());
    boolean text = type.equals(CanonicalTypes.UTF8);
    Comparable comparable =
        text || type.equals(CanonicalTypes.INT64) || type.equals(CanonicalTypes.FLOAT64)
            ? Comparable.ORDER
            : Comparable.NOTHING;
    String select = text ? "CAST(" + plain + " AS TEXT)" : plain;
    boolean textAffinity = !declared.contains("INT") && declared.matches(".*(CHAR|CLOB|TEXT).*");
    String filter = text && !textAffinity ? select : plain;
    return new RemoteColumn(
        name, type, !row.getBoolean(3), Optional.empty(), select, filter, comparable);
  }

  private static ArrowType type(String declared) {
    Matcher decimal = DECIMAL.matcher(declared);
    if (decimal.matches()) {
      int precision = Integer.parseInt(decimal.group(1));
      int scale = decimal.group(2) == null ? 0 : Integer.parseInt(decimal.group(2));
      return precision >= 1 && precision <= 38 && scale <= precision
          ? CanonicalTypes.decimal(precision, scale)
          : CanonicalTypes.FLOAT64;
    }
    if (declared.startsWith("BOOL")) {
      return CanonicalTypes.BOOL;
    }
    if (declared.startsWith("DATETIME") || declared.startsWith("TIMESTAMP")) {
      return CanonicalTypes.TIMESTAMP;
    }
    if (declared.equals("DATE")) {
      return CanonicalTypes.DATE32;
    }
    if (declared.equals("TIME")) {
      return CanonicalTypes.TIME64;
    }
    return byAffinity(declared);
  }

  // https://www.sqlite.org/datatype3.html section 3.1, in its order.
  private static ArrowType byAffinity(String declared) {
    if (declared.contains("INT")) {
      return CanonicalTypes.INT64;
    }
    if (declared.contains("CHAR") || declared.contains("CLOB") || declared.contains("TEXT")) {
      return CanonicalTypes.UTF8;
    }
    if (declared.contains("BLOB")) {
      return CanonicalTypes.BINARY;
    }
    boolean real =
        declared.contains("REAL")
            || declared.contains("FLOA")
            || declared.contains("DOUB")
            || declared.startsWith("NUMERIC")
            || declared.startsWith("DECIMAL");
    return real ? CanonicalTypes.FLOAT64 : CanonicalTypes.UTF8;
  }

  @Override
  public TableStatistics statistics(
      Connection connection, String schema, String table, List<RemoteColumn> columns)
      throws SQLException {
    boolean isTable =
        tables(connection, schema).stream()
            .anyMatch(t -> t.name().equals(table) && t.kind() == TableKind.TABLE);
    if (!isTable) {
      return TableStatistics.UNKNOWN;
    }
    String name = Dialect.quote(table);
    // The largest rowid is found at once and is the number of rows unless some were deleted.
    String sql =
        hasRowId(connection, table)
            ? "SELECT max(rowid) FROM " + name
            : "SELECT count(*) FROM " + name;
    double rows = Dialect.query(connection, sql, r -> r.getDouble(1)).getFirst();
    return new TableStatistics(OptionalDouble.of(Math.max(0, rows)), Map.of());
  }

  private static boolean hasRowId(Connection connection, String table) throws SQLException {
    return Dialect.query(
            connection, "SELECT wr FROM pragma_table_list(?)", r -> r.getInt(1) == 0, table)
        .contains(true);
  }

  @Override
  public String placeholder(ArrowType type) {
    return "?";
  }

  @Override
  public String startsWith(String expression, String prefix) {
    int length = prefix.codePointCount(0, prefix.length());
    return "substr(" + expression + ", 1, " + length + ") COLLATE BINARY = ?";
  }

  @Override
  public String byCodePoint(String expression) {
    return expression + " COLLATE BINARY";
  }

  @Override
  public CellReader reader(RemoteColumn column) {
    return CellReader.sqlite(column);
  }

  @Override
  public boolean streamsInTransaction() {
    return false;
  }

  @Override
  public boolean comparesNaN() {
    return false;
  }
}
