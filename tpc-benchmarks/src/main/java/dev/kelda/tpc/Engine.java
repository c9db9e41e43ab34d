package dev.kelda.tpc;

import static java.util.Objects.requireNonNull;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import java.util.Properties;

/** One database behind JDBC. Not thread-safe. */
final class Engine implements AutoCloseable {
  /** An answer and the milliseconds from sending the statement to reading its last row. */
  record Timed(Answer answer, double millis) {}

  private final Connection connection;

  private Engine(Connection connection) {
    this.connection = requireNonNull(connection, "connection is null");
  }

  /**
   * @param uri as the server prints it, {@code grpc://host:port}
   */
  static Engine kelda(String uri) throws SQLException {
    String address = uri.substring(uri.indexOf("://") + 3);
    Properties properties = new Properties();
    properties.setProperty("user", System.getProperty("user.name", "bench"));
    return new Engine(DriverManager.getConnection("jdbc:kelda://" + address, properties));
  }

  /** In memory, in this process. */
  static Engine duckdb(int threads) throws SQLException {
    Engine engine = new Engine(DriverManager.getConnection("jdbc:duckdb:"));
    engine.execute("SET threads = " + threads);
    return engine;
  }

  void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  Timed query(String sql) throws SQLException {
    long start = System.nanoTime();
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      Answer answer = Answer.of(result);
      return new Timed(answer, millisSince(start));
    }
  }

  /** The first column's rows as lines. */
  String text(String sql) throws SQLException {
    StringBuilder lines = new StringBuilder();
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      while (result.next()) {
        lines.append(result.getString(1)).append('\n');
      }
    }
    return lines.toString();
  }

  /** Milliseconds of each execution of one prepared statement, its rows read. */
  List<Double> prepared(String sql, int warmups, int rounds) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      double[] millis = new double[warmups + rounds];
      for (int i = 0; i < millis.length; i++) {
        long start = System.nanoTime();
        try (ResultSet result = statement.executeQuery()) {
          Answer.of(result);
        }
        millis[i] = millisSince(start);
      }
      return java.util.Arrays.stream(millis).skip(warmups).boxed().toList();
    }
  }

  static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }

  static void print(String format, Object... values) {
    System.out.printf(Locale.ROOT, format + "%n", values);
  }

  private static double millisSince(long start) {
    return (System.nanoTime() - start) / 1e6;
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
