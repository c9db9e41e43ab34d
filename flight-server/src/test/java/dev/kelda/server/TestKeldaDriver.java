package dev.kelda.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.executor.EngineConfig;
import dev.kelda.jdbc.KeldaDriver;
import dev.kelda.server.config.Configuration;
import dev.kelda.server.config.ServerConfig;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.sql.Time;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code jdbc:kelda:} as programs use it, found by DriverManager. */
final class TestKeldaDriver {
  @TempDir static Path home;
  private static KeldaServer server;

  @BeforeAll
  static void start() throws SQLException {
    EngineConfig engine = EngineConfig.of(home).withThreads(2).withMemoryBytes(512L << 20);
    server =
        KeldaServer.start(
            new Configuration(engine, ServerConfig.DEFAULT.withAddress("127.0.0.1", 0, 0)));
    try (Connection connection = connect("");
        Statement statement = connection.createStatement()) {
      statement.executeUpdate("CREATE SCHEMA other");
      statement.executeUpdate("CREATE TABLE other.t (a INTEGER NOT NULL, d DECIMAL(9, 3))");
    }
  }

  @AfterAll
  static void stop() {
    assertThat(server.engine().metrics().leakedBytes()).isZero();
    server.close();
  }

  private static Connection connect(String rest) throws SQLException {
    return DriverManager.getConnection("jdbc:kelda://127.0.0.1:" + server.flightPort() + rest);
  }

  private static Object one(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      assertThat(row.next()).isTrue();
      return row.getObject(1);
    }
  }

  @Test
  void startsInTheCatalogOfTheUrl() throws SQLException {
    try (Connection connection = connect("/system")) {
      assertThat(connection.getCatalog()).isEqualTo("system");
      assertThat(one(connection, "SELECT COUNT(*) > 100 FROM functions")).isEqualTo(true);
    }
    try (Connection connection = connect("/lake/other?user=ana")) {
      assertThat(connection.getSchema()).isEqualTo("other");
      assertThat(one(connection, "SELECT COUNT(*) FROM t")).isEqualTo(0L);
    }
    assertThatThrownBy(() -> connect("/nowhere")).hasMessageContaining("nowhere");
    assertThatThrownBy(() -> connect("/a/b/c")).hasMessageContaining("/catalog/schema");
  }

  @Test
  void changesCatalogAndSchema() throws SQLException {
    try (Connection connection = connect("");
        Statement statement = connection.createStatement()) {
      assertThat(connection.getCatalog()).isEqualTo("lake");
      connection.setSchema("other");
      assertThat(one(connection, "SELECT COUNT(*) FROM t")).isEqualTo(0L);
      statement.executeUpdate("USE lake.main");
      assertThat(connection.getSchema()).isEqualTo("main");
      connection.setCatalog("system");
      assertThat(connection.getCatalog()).isEqualTo("system");
    }
  }

  @Test
  void refusesTransactions() throws SQLException {
    try (Connection connection = connect("")) {
      connection.setAutoCommit(true);
      assertThat(connection.getAutoCommit()).isTrue();
      assertThat(connection.getMetaData().supportsTransactions()).isFalse();
      assertThatThrownBy(() -> connection.setAutoCommit(false))
          .isInstanceOf(SQLFeatureNotSupportedException.class);
      assertThatThrownBy(connection::commit).hasMessageContaining("transactions");
      assertThatThrownBy(connection::rollback).hasMessageContaining("transactions");
      assertThatThrownBy(
              () ->
                  connection.createStatement(
                      ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY))
          .isInstanceOf(SQLFeatureNotSupportedException.class);
    }
  }

  @Test
  void closesWhatIsLeftOpen() throws SQLException {
    Connection connection = connect("");
    ResultSet tables = connection.getMetaData().getTables(null, null, "%", null);
    ResultSet rows =
        connection
            .createStatement()
            .executeQuery("SELECT * FROM UNNEST(GENERATE_SERIES(1, 100000)) AS t (n)");
    assertThat(tables.next() && rows.next()).isTrue();
    connection.close();
    connection.close();
    assertThat(connection.isClosed()).isTrue();
    assertThat(rows.isClosed()).isTrue();
    assertThat(tables.isClosed()).isTrue();
    assertThatThrownBy(connection::createStatement).isInstanceOf(SQLException.class);
  }

  @Test
  void aParameterWithoutAValueIsNamed() throws Exception {
    try (Connection connection = connect("/lake/other");
        PreparedStatement sum = connection.prepareStatement("SELECT CAST(? AS INT) + ?")) {
      sum.setInt(1, 1);
      assertThatThrownBy(sum::executeQuery)
          .isInstanceOf(SQLException.class)
          .hasMessage("parameter 2 has no value");
      assertThatThrownBy(sum::addBatch).hasMessage("parameter 2 has no value");
      sum.setNull(2, Types.INTEGER);
      try (ResultSet rows = sum.executeQuery()) {
        assertThat(rows.next()).isTrue();
      }
      sum.clearParameters();
      assertThatThrownBy(sum::execute).hasMessage("parameter 1 has no value");
    }
  }

  @Test
  void aQueryIsNoUpdate() throws Exception {
    try (Connection connection = connect("/lake/other");
        Statement statement = connection.createStatement();
        PreparedStatement query = connection.prepareStatement("VALUES (1)")) {
      assertThatThrownBy(() -> statement.executeUpdate("SELECT 1"))
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("returns rows");
      assertThatThrownBy(query::executeUpdate).hasMessageContaining("returns rows");
      statement.addBatch("SELECT 1");
      assertThatThrownBy(statement::executeBatch).isInstanceOf(BatchUpdateException.class);
      statement.executeUpdate("CREATE TABLE counted (a INTEGER)");
      assertThat(statement.executeUpdate("INSERT INTO counted VALUES (1), (2)")).isEqualTo(2);
      try (PreparedStatement insert =
          connection.prepareStatement("INSERT INTO counted VALUES (?)")) {
        insert.setInt(1, 3);
        assertThat(insert.executeUpdate()).isEqualTo(1);
      }
      assertThat(statement.executeLargeUpdate("DELETE FROM counted")).isEqualTo(3);
      statement.executeUpdate("DROP TABLE counted");
    }
  }

  @Test
  void runsBatches() throws SQLException {
    try (Connection connection = connect("/lake/other");
        Statement statement = connection.createStatement()) {
      statement.executeUpdate("CREATE TABLE batched (a INTEGER, s VARCHAR)");
      statement.addBatch("INSERT INTO batched VALUES (1, 'x')");
      statement.addBatch("INSERT INTO batched VALUES (2, 'y'), (3, 'z')");
      assertThat(statement.executeBatch()).containsExactly(1, 2);
      statement.addBatch("INSERT INTO batched VALUES (4, 'x')");
      statement.addBatch("INSERT INTO nowhere VALUES (5, 'x')");
      assertThatThrownBy(statement::executeBatch)
          .isInstanceOf(BatchUpdateException.class)
          .hasMessageContaining("statement 2")
          .satisfies(e -> assertThat(((BatchUpdateException) e).getUpdateCounts()).hasSize(1));
      try (PreparedStatement insert =
          connection.prepareStatement("INSERT INTO batched VALUES (?, ?)")) {
        for (int i = 10; i < 13; i++) {
          insert.setInt(1, i);
          insert.setString(2, "p" + i);
          insert.addBatch();
        }
        int told = Statement.SUCCESS_NO_INFO;
        assertThat(insert.executeBatch()).containsExactly(told, told, told);
        insert.setInt(1, 13);
        insert.setString(2, "p13");
        insert.addBatch();
        assertThat(insert.executeBatch()).containsExactly(1);
      }
      assertThat(one(connection, "SELECT COUNT(*) FROM batched")).isEqualTo(8L);
      statement.executeUpdate("DROP TABLE batched");
    }
  }

  @Test
  void bindsEveryType() throws SQLException {
    String sql =
        "SELECT CAST(? AS BOOLEAN), CAST(? AS TINYINT), CAST(? AS SMALLINT), CAST(? AS INTEGER),"
            + " CAST(? AS BIGINT), CAST(? AS REAL), CAST(? AS DOUBLE), CAST(? AS DECIMAL(10, 2)),"
            + " CAST(? AS VARCHAR), CAST(? AS DATE), CAST(? AS TIMESTAMP), CAST(? AS INTEGER),"
            + " CAST(? AS TIME)";
    try (Connection connection = connect("");
        PreparedStatement statement = connection.prepareStatement(sql)) {
      assertThat(statement.getParameterMetaData().getParameterCount()).isEqualTo(13);
      statement.setBoolean(1, true);
      statement.setByte(2, (byte) -7);
      statement.setShort(3, (short) 300);
      statement.setInt(4, -70_000);
      statement.setLong(5, 1L << 40);
      statement.setFloat(6, 1.5f);
      statement.setDouble(7, 2.25);
      statement.setBigDecimal(8, new BigDecimal("12345.67"));
      statement.setString(9, "straße '");
      statement.setDate(10, Date.valueOf("2024-02-29"));
      statement.setTimestamp(11, Timestamp.valueOf("2024-02-29 12:34:56.789"));
      statement.setNull(12, Types.INTEGER);
      statement.setTime(13, Time.valueOf("23:59:58"));
      try (ResultSet row = statement.executeQuery()) {
        assertThat(row.next()).isTrue();
        assertThat(row.getBoolean(1)).isTrue();
        assertThat(row.getByte(2)).isEqualTo((byte) -7);
        assertThat(row.getShort(3)).isEqualTo((short) 300);
        assertThat(row.getInt(4)).isEqualTo(-70_000);
        assertThat(row.getLong(5)).isEqualTo(1L << 40);
        assertThat(row.getFloat(6)).isEqualTo(1.5f);
        assertThat(row.getDouble(7)).isEqualTo(2.25);
        assertThat(row.getBigDecimal(8)).isEqualByComparingTo("12345.67");
        assertThat(row.getString(9)).isEqualTo("straße '");
        assertThat(row.getDate(10)).isEqualTo(Date.valueOf("2024-02-29"));
        assertThat(row.getTimestamp(11)).isEqualTo(Timestamp.valueOf("2024-02-29 12:34:56.789"));
        assertThat(row.getObject(12)).isNull();
        assertThat(row.wasNull()).isTrue();
        assertThat(row.getTime(13)).isEqualTo(Time.valueOf("23:59:58"));
      }
    }
  }

  @Test
  void describesTypesFunctionsAndItself() throws SQLException {
    try (Connection connection = connect("?user=ana&password=geheim")) {
      DatabaseMetaData about = connection.getMetaData();
      List<String> types = new ArrayList<>();
      try (ResultSet rows = about.getTypeInfo()) {
        assertThat(rows.getMetaData().getColumnName(1)).isEqualTo("TYPE_NAME");
        assertThat(rows.getMetaData().getColumnCount()).isEqualTo(18);
        while (rows.next()) {
          types.add(rows.getString("TYPE_NAME") + " " + rows.getInt("DATA_TYPE"));
          assertThat(rows.getInt("PRECISION")).isPositive();
        }
      }
      assertThat(types)
          .contains(
              "INTEGER " + Types.INTEGER, "VARCHAR " + Types.VARCHAR, "DECIMAL " + Types.DECIMAL);
      try (ResultSet rows = about.getFunctions(null, null, "ABS")) {
        assertThat(rows.next()).isTrue();
        assertThat(rows.getString("FUNCTION_NAME")).isEqualToIgnoringCase("ABS");
      }
      try (ResultSet rows = about.getColumns("lake", "other", "t", null)) {
        assertThat(rows.next()).isTrue();
        assertThat(rows.getString("COLUMN_NAME")).isEqualTo("a");
        assertThat(rows.getInt("NULLABLE")).isEqualTo(DatabaseMetaData.columnNoNulls);
      }
      assertThat(about.getURL()).startsWith("jdbc:kelda://").doesNotContain("geheim");
      assertThat(about.getDriverName()).isEqualTo("Kelda JDBC driver");
      assertThat(about.getConnection()).isSameAs(connection);
    }
  }

  @Test
  void describesItsProperties() throws SQLException {
    var properties = new KeldaDriver().getPropertyInfo("jdbc:kelda://host", new Properties());
    assertThat(properties)
        .extracting(property -> property.name)
        .contains("user", "password", "useEncryption");
    assertThat(new KeldaDriver().acceptsURL("jdbc:postgresql://host")).isFalse();
    assertThat(new KeldaDriver().connect("jdbc:postgresql://host", new Properties())).isNull();
  }

  @Test
  void errorsOfLaterRowsAreSqlExceptions() throws SQLException {
    String late = "SELECT 1 / (999999 - x) FROM UNNEST(GENERATE_SERIES(0, 999999)) AS t (x)";
    try (Connection connection = connect("");
        Statement statement = connection.createStatement()) {
      assertThatThrownBy(
              () -> {
                try (ResultSet rows = statement.executeQuery(late)) {
                  while (rows.next()) {
                    rows.getInt(1);
                  }
                }
              })
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("DIVISION_BY_ZERO");
    }
  }

  @Test
  void cancelsAndTimesOut() throws Exception {
    String endless =
        "SELECT COUNT(*) FROM UNNEST(GENERATE_SERIES(1, 1000000)) AS a (x), UNNEST(GENERATE_SERIES(1, 1000000)) AS b (y)"
            + " WHERE x < y";
    try (Connection connection = connect("");
        Statement settings = connection.createStatement();
        Statement statement = connection.createStatement()) {
      settings.executeUpdate("SET statement_timeout = '200ms'");
      assertThatThrownBy(
              () -> {
                try (ResultSet rows = statement.executeQuery(endless)) {
                  rows.next();
                }
              })
          .hasMessageContaining("TIMEOUT");
    }
  }
}
