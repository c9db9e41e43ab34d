package dev.kelda.jdbc;

import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Of a statement: batches of texts run one after the other, up to the first that fails; rows throw
 * SQLExceptions only.
 */
public final class StatementFixes {
  private static final Object NO_FIXES = new Object();

  private final Statement statement;
  private final ConnectionFixes connection;
  private final List<String> batch = new ArrayList<>();

  private StatementFixes(Statement statement, ConnectionFixes connection) {
    this.statement = statement;
    this.connection = connection;
  }

  static <T extends Statement> T mend(Class<T> type, T statement, ConnectionFixes connection) {
    return Mended.of(type, statement, new StatementFixes(statement, connection));
  }

  public Connection getConnection() {
    return connection.mended();
  }

  public ResultSet executeQuery(String sql) throws SQLException {
    return mended(statement.executeQuery(sql));
  }

  /** Of a prepared statement. */
  public ResultSet executeQuery() throws SQLException {
    return mended(((PreparedStatement) statement).executeQuery());
  }

  public ResultSet getResultSet() throws SQLException {
    return mended(statement.getResultSet());
  }

  public void addBatch(String sql) throws SQLException {
    if (statement instanceof PreparedStatement) {
      throw new SQLException("a prepared statement takes no other text", "42601");
    }
    batch.add(sql);
  }

  public void clearBatch() throws SQLException {
    batch.clear();
    if (statement instanceof PreparedStatement) {
      statement.clearBatch();
    }
  }

  public int[] executeBatch() throws SQLException {
    return statement instanceof PreparedStatement
        ? statement.executeBatch()
        : Arrays.stream(executeLargeBatch()).mapToInt(Math::toIntExact).toArray();
  }

  public long[] executeLargeBatch() throws SQLException {
    if (statement instanceof PreparedStatement) {
      return Arrays.stream(statement.executeBatch()).asLongStream().toArray();
    }
    List<String> texts = List.copyOf(batch);
    batch.clear();
    long[] counts = new long[texts.size()];
    for (int i = 0; i < counts.length; i++) {
      try {
        counts[i] = statement.executeUpdate(texts.get(i));
      } catch (SQLException e) {
        throw new BatchUpdateException(
            "statement " + (i + 1) + " of the batch: " + e.getMessage(),
            e.getSQLState(),
            e.getErrorCode(),
            Arrays.copyOf(counts, i),
            e);
      }
    }
    return counts;
  }

  /** Null for null, as of a statement without rows. */
  private static ResultSet mended(ResultSet results) {
    return results == null ? null : Mended.of(ResultSet.class, results, NO_FIXES);
  }
}
