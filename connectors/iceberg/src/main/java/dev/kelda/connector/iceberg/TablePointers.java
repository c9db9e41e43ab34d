package dev.kelda.connector.iceberg;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Properties;
import org.apache.iceberg.jdbc.UncheckedSQLException;

/**
 * Where a table's current metadata file is, asked of the catalog database directly: a lookup of
 * microseconds that tells whether a loaded table is still the newest. Thread-safe.
 */
final class TablePointers implements AutoCloseable {
  private static final String QUERY =
      "SELECT metadata_location, iceberg_type FROM iceberg_tables WHERE catalog_name = ?"
          + " AND table_namespace = ? AND table_name = ?";

  /** A metadata file, of a table or of a view. */
  record Pointer(String location, boolean view) {}

  private final String catalog;
  private final String uri;
  private final Properties properties;
  private Optional<Connection> connection = Optional.empty();

  TablePointers(String catalog, String uri, Properties properties) {
    this.catalog = catalog;
    this.uri = uri;
    this.properties = properties;
  }

  /** The metadata file's location; empty when there is no such table or view. */
  synchronized Optional<Pointer> find(String schema, String table) {
    try {
      return query(schema, table);
    } catch (SQLException first) {
      close();
      try {
        return query(schema, table);
      } catch (SQLException e) {
        e.addSuppressed(first);
        throw new UncheckedSQLException(e, "Failed to look up table %s.%s", schema, table);
      }
    }
  }

  private Optional<Pointer> query(String schema, String table) throws SQLException {
    if (connection.isEmpty()) {
      connection = Optional.of(DriverManager.getConnection(uri, properties));
    }
    try (PreparedStatement statement = connection.get().prepareStatement(QUERY)) {
      statement.setString(1, catalog);
      statement.setString(2, schema);
      statement.setString(3, table);
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next()
            ? Optional.of(new Pointer(rows.getString(1), "VIEW".equals(rows.getString(2))))
            : Optional.empty();
      }
    }
  }

  @Override
  public synchronized void close() {
    connection.ifPresent(TablePointers::closeQuietly);
    connection = Optional.empty();
  }

  private static void closeQuietly(Connection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      System.getLogger(TablePointers.class.getName())
          .log(System.Logger.Level.DEBUG, "closing a catalog connection failed", e);
    }
  }
}
