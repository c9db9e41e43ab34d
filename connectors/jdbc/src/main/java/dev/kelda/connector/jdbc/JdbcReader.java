package dev.kelda.connector.jdbc;

import dev.kelda.spi.connector.BatchReader;
import dev.kelda.spi.connector.Operand;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Runs one SELECT when the first batch is asked for and streams its rows. Without columns the one
 * value of the result is the number of rows.
 */
final class JdbcReader extends BatchReader {
  private static final int BATCH_ROWS = 8192;

  private final JdbcConnector connector;
  private final String sql;
  private final List<Operand> operands;
  private final List<RemoteColumn> columns;
  private final List<CellReader> readers;
  private volatile Optional<PreparedStatement> executing = Optional.empty();
  private Optional<Running> running = Optional.empty();
  private boolean exhausted;
  private long uncounted;

  private record Running(Connection connection, PreparedStatement statement, ResultSet rows) {}

  JdbcReader(
      BufferAllocator allocator,
      JdbcConnector connector,
      String sql,
      List<Operand> operands,
      List<RemoteColumn> columns) {
    super(allocator, new Schema(columns.stream().map(RemoteColumn::field).toList()));
    this.connector = connector;
    this.sql = sql;
    this.operands = List.copyOf(operands);
    this.columns = List.copyOf(columns);
    this.readers = columns.stream().map(connector.dialect()::reader).toList();
  }

  @Override
  protected int fill(VectorSchemaRoot root) {
    try {
      return columns.isEmpty() ? count() : read(root, rows());
    } catch (SQLException e) {
      throw connector.errors().translate(e);
    }
  }

  private ResultSet rows() throws SQLException {
    if (running.isEmpty()) {
      start();
    }
    return running.orElseThrow().rows();
  }

  private void start() throws SQLException {
    Connection connection = connector.connect();
    try {
      PreparedStatement statement = connection.prepareStatement(sql);
      statement.setFetchSize(BATCH_ROWS);
      Binder.bind(statement, operands);
      executing = Optional.of(statement);
      running = Optional.of(new Running(connection, statement, statement.executeQuery()));
    } catch (SQLException | RuntimeException e) {
      // Closes the statement too.
      connection.close();
      throw e;
    }
  }

  private int count() throws SQLException {
    if (running.isEmpty()) {
      ResultSet rows = rows();
      uncounted = rows.next() ? rows.getLong(1) : 0;
    }
    int batch = (int) Math.min(uncounted, 1 << 20);
    uncounted -= batch;
    return batch;
  }

  private int read(VectorSchemaRoot root, ResultSet rows) throws SQLException {
    if (exhausted) {
      return 0;
    }
    for (FieldVector vector : root.getFieldVectors()) {
      vector.setInitialCapacity(BATCH_ROWS);
      vector.allocateNew();
    }
    int count = 0;
    while (count < BATCH_ROWS) {
      if (!rows.next()) {
        exhausted = true;
        break;
      }
      for (int i = 0; i < readers.size(); i++) {
        readCell(root, rows, i, count);
      }
      count++;
    }
    return count;
  }

  private void readCell(VectorSchemaRoot root, ResultSet rows, int column, int row)
      throws SQLException {
    try {
      readers.get(column).read(rows, column + 1, root.getVector(column), row);
    } catch (ArithmeticException | DateTimeException | NumberFormatException e) {
      throw connector.errors().unreadable(columns.get(column).name(), e);
    }
  }

  @Override
  protected void interrupt() {
    executing.ifPresent(JdbcReader::cancel);
  }

  private static void cancel(PreparedStatement statement) {
    try {
      statement.cancel();
    } catch (SQLException e) {
      // It ended by itself, or its connection is gone: there is nothing left to stop.
      System.getLogger(JdbcReader.class.getName())
          .log(System.Logger.Level.DEBUG, "cancelling a remote statement failed", e);
    }
  }

  @Override
  protected void closeReadSource() {
    if (running.isEmpty()) {
      return;
    }
    Running open = running.get();
    running = Optional.empty();
    executing = Optional.empty();
    try (Connection connection = open.connection()) {
      if (!exhausted) {
        cancel(open.statement());
      }
      open.rows().close();
      open.statement().close();
      if (!connection.getAutoCommit()) {
        connection.rollback();
      }
    } catch (SQLException e) {
      System.getLogger(JdbcReader.class.getName())
          .log(System.Logger.Level.WARNING, "closing a remote statement failed", e);
    }
  }
}
