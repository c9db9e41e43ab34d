package dev.kelda.connector.jdbc;

import dev.kelda.spi.connector.TableListing;
import dev.kelda.spi.connector.TableStatistics;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** What differs between databases: their catalogs, their types and how they compare. */
sealed interface Dialect permits PostgresDialect, SqliteDialect, DuckDbDialect {
  List<String> schemas(Connection connection) throws SQLException;

  List<TableListing> tables(Connection connection, String schema) throws SQLException;

  /** In order; empty when there is no such table. */
  List<RemoteColumn> columns(Connection connection, String schema, String table)
      throws SQLException;

  /** Estimates only; must be fast. */
  TableStatistics statistics(
      Connection connection, String schema, String table, List<RemoteColumn> columns)
      throws SQLException;

  /** The remote placeholder for a constant of this type, for example {@code CAST(? AS date)}. */
  String placeholder(ArrowType type);

  /** A condition that is TRUE when the expression starts with the one placeholder. */
  String startsWith(String expression, String prefix);

  /** Marks a string expression for comparison by code points, in an order or equality. */
  String byCodePoint(String expression);

  /** Reads the values of a column. */
  CellReader reader(RemoteColumn column);

  /** Whether rows only stream inside a transaction. */
  boolean streamsInTransaction();

  /** Whether NaN can be bound and compares as the greatest number, equal to itself. */
  boolean comparesNaN();

  /**
   * @throws KeldaException INVALID_ARGUMENT for a name no database can have
   */
  static String quote(String name) {
    if (name.indexOf('\0') >= 0) {
      throw new KeldaException(ErrorCode.INVALID_ARGUMENT, "a name contains a NUL character");
    }
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  /** Runs a catalog query; every parameter is a string. */
  static <T> List<T> query(Connection connection, String sql, RowMapper<T> row, String... values)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setString(i + 1, values[i]);
      }
      try (ResultSet rows = statement.executeQuery()) {
        List<T> list = new ArrayList<>();
        while (rows.next()) {
          list.add(row.map(rows));
        }
        return list;
      }
    }
  }

  /** Makes a value of the row at hand. */
  @FunctionalInterface
  interface RowMapper<T> {
    T map(ResultSet rows) throws SQLException;
  }
}
