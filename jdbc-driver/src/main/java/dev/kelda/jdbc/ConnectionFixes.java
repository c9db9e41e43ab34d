package dev.kelda.jdbc;

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.arrow.driver.jdbc.shaded.org.apache.calcite.avatica.AvaticaConnection;

/**
 * Of a connection: catalog and schema are the session's, and there are no transactions. The stock
 * driver ignores all of this in silence.
 */
public final class ConnectionFixes {
  private final Connection connection;
  private final String url;
  private final Set<ResultSet> metadata = ConcurrentHashMap.newKeySet(); // what is open of it
  private Connection mended;

  private ConnectionFixes(Connection connection, String url) {
    this.connection = connection;
    this.url = url;
  }

  /** The connection with its fixes, in the catalog and schema given. */
  static Connection mend(
      Connection connection, String url, Optional<String> catalog, Optional<String> schema)
      throws SQLException {
    ConnectionFixes fixes = new ConnectionFixes(connection, url);
    fixes.mended = Mended.of(Connection.class, connection, fixes);
    if (catalog.isPresent()) {
      fixes.use(catalog.get(), schema.orElse("main"));
    }
    return fixes.mended;
  }

  Connection mended() {
    return mended;
  }

  String url() {
    return url;
  }

  public Statement createStatement() throws SQLException {
    return StatementFixes.mend(Statement.class, connection.createStatement(), this);
  }

  public Statement createStatement(int type, int concurrency) throws SQLException {
    requireReadOnlyForward(type, concurrency);
    return createStatement();
  }

  public Statement createStatement(int type, int concurrency, int holdability) throws SQLException {
    return createStatement(type, concurrency);
  }

  public PreparedStatement prepareStatement(String sql) throws SQLException {
    return StatementFixes.mend(PreparedStatement.class, connection.prepareStatement(sql), this);
  }

  public PreparedStatement prepareStatement(String sql, int type, int concurrency)
      throws SQLException {
    requireReadOnlyForward(type, concurrency);
    return prepareStatement(sql);
  }

  public PreparedStatement prepareStatement(String sql, int type, int concurrency, int holdability)
      throws SQLException {
    return prepareStatement(sql, type, concurrency);
  }

  public DatabaseMetaData getMetaData() throws SQLException {
    return Mended.of(
        DatabaseMetaData.class,
        connection.getMetaData(),
        new MetaDataFixes(connection, this),
        rows -> new MetaDataRows(rows, metadata));
  }

  public void setCatalog(String catalog) throws SQLException {
    use(catalog, "main");
  }

  public void setSchema(String schema) throws SQLException {
    use(getCatalog(), schema);
  }

  public String getCatalog() throws SQLException {
    return current("catalog");
  }

  public String getSchema() throws SQLException {
    return current("schema");
  }

  /** True is all there is. */
  public void setAutoCommit(boolean on) throws SQLException {
    if (!on) {
      throw noTransactions();
    }
  }

  public boolean getAutoCommit() {
    return true;
  }

  public void commit() throws SQLException {
    throw noTransactions();
  }

  public void rollback() throws SQLException {
    throw noTransactions();
  }

  public void rollback(Savepoint savepoint) throws SQLException {
    throw noTransactions();
  }

  public Savepoint setSavepoint() throws SQLException {
    throw noTransactions();
  }

  public Savepoint setSavepoint(String name) throws SQLException {
    throw noTransactions();
  }

  /**
   * Closes what was left open as well, of the metadata too: the stock driver fails when rows are
   * left, and its threads keep the process alive.
   */
  public void close() throws SQLException {
    if (connection instanceof AvaticaConnection stock) {
      for (Statement statement : List.copyOf(stock.statementMap.values())) {
        statement.close();
      }
    }
    for (ResultSet rows : metadata) {
      rows.close();
    }
    metadata.clear();
    connection.close();
  }

  public boolean isReadOnly() {
    return false;
  }

  public int getTransactionIsolation() {
    return Connection.TRANSACTION_NONE;
  }

  private void use(String catalog, String schema) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.executeUpdate("USE " + quoted(catalog) + "." + quoted(schema));
    }
  }

  // Of the session that runs this very text: a USE may have changed it.
  private String current(String column) throws SQLException {
    String mark = UUID.randomUUID().toString();
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT s."
                    + quoted(column)
                    + " FROM system.main.sessions s JOIN system.main.queries q"
                    + " ON q.session_id = s.session_id WHERE q.sql LIKE '%"
                    + mark
                    + "%'")) {
      if (!row.next()) {
        throw new SQLException("the session is gone", "08003");
      }
      return row.getString(1);
    }
  }

  private static void requireReadOnlyForward(int type, int concurrency) throws SQLException {
    if (type != ResultSet.TYPE_FORWARD_ONLY || concurrency != ResultSet.CONCUR_READ_ONLY) {
      throw new SQLFeatureNotSupportedException(
          "results are read once, forward: TYPE_FORWARD_ONLY and CONCUR_READ_ONLY", "0A000");
    }
  }

  private static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  private static SQLException noTransactions() {
    return new SQLFeatureNotSupportedException(
        "transactions are not supported: each statement is its own", "0A000");
  }
}
