package dev.kelda.jdbc;

import java.lang.reflect.Method;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Of a statement: batches of texts run one after the other, up to the first that fails; batches of
 * a prepared statement are one update, with an answer for each of its rows; a query is no update; a
 * parameter without a value is named; rows throw SQLExceptions only.
 */
public final class StatementFixes implements Mended.Watching {
  private static final Set<String> RUNNING =
      Set.of("execute", "executeQuery", "executeUpdate", "executeLargeUpdate", "addBatch");

  private final Statement statement;
  private final ConnectionFixes connection;
  private final List<String> batch = new ArrayList<>();
  private final Set<Object> given = new HashSet<>(); // places of parameters with a value
  private int prepared; // rows of parameters in a prepared statement's batch

  private StatementFixes(Statement statement, ConnectionFixes connection) {
    this.statement = statement;
    this.connection = connection;
  }

  static <T extends Statement> T mend(Class<T> type, T statement, ConnectionFixes connection) {
    return Mended.of(type, statement, new StatementFixes(statement, connection));
  }

  @Override
  public void before(Method method, Object[] arguments) throws SQLException {
    if (!(statement instanceof PreparedStatement calling)) {
      return;
    }
    String name = method.getName();
    boolean bare = arguments == null || arguments.length == 0;
    if (name.startsWith("set") && method.getDeclaringClass() == PreparedStatement.class) {
      given.add(arguments[0]);
    } else if (name.equals("clearParameters")) {
      given.clear();
    } else if (bare && RUNNING.contains(name)) {
      for (int i = 1; i <= calling.getParameterMetaData().getParameterCount(); i++) {
        if (!given.contains(i)) {
          throw new SQLException("parameter " + i + " has no value", "07001");
        }
      }
    }
  }

  public Connection getConnection() {
    return connection.mended();
  }

  public int executeUpdate(String sql) throws SQLException {
    return Math.toIntExact(executeLargeUpdate(sql));
  }

  public long executeLargeUpdate(String sql) throws SQLException {
    long rows = statement.executeLargeUpdate(sql);
    if (rows < 0) {
      throw isQuery();
    }
    return rows;
  }

  /** Of a prepared statement. */
  public int executeUpdate() throws SQLException {
    return Math.toIntExact(executeLargeUpdate());
  }

  /** Of a prepared statement. */
  public long executeLargeUpdate() throws SQLException {
    PreparedStatement update = (PreparedStatement) statement;
    ResultSetMetaData columns = update.getMetaData();
    if (columns != null && columns.getColumnCount() > 0) {
      throw isQuery();
    }
    return update.executeLargeUpdate();
  }

  private static SQLException isQuery() {
    return new SQLException("the statement returns rows: it is a query, not an update", "0100E");
  }

  public void addBatch(String sql) throws SQLException {
    if (statement instanceof PreparedStatement) {
      throw new SQLException("a prepared statement takes no other text", "42601");
    }
    batch.add(sql);
  }

  /** Of a prepared statement. */
  public void addBatch() throws SQLException {
    ((PreparedStatement) statement).addBatch();
    prepared++;
  }

  public void clearBatch() throws SQLException {
    batch.clear();
    prepared = 0;
    if (statement instanceof PreparedStatement) {
      statement.clearBatch();
    }
  }

  public int[] executeBatch() throws SQLException {
    return Arrays.stream(executeLargeBatch()).mapToInt(Math::toIntExact).toArray();
  }

  public long[] executeLargeBatch() throws SQLException {
    if (statement instanceof PreparedStatement) {
      return executePrepared();
    }
    List<String> texts = List.copyOf(batch);
    batch.clear();
    long[] counts = new long[texts.size()];
    for (int i = 0; i < counts.length; i++) {
      try {
        counts[i] = executeLargeUpdate(texts.get(i));
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

  /** The server tells how many rows there were in all, not how many of each row of parameters. */
  private long[] executePrepared() throws SQLException {
    int rows = prepared;
    prepared = 0;
    long[] counts = Arrays.stream(statement.executeBatch()).asLongStream().toArray();
    if (counts.length < rows) {
      counts = new long[rows];
      Arrays.fill(counts, Statement.SUCCESS_NO_INFO);
    }
    return counts;
  }
}
