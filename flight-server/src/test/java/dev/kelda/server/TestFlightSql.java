package dev.kelda.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.executor.EngineConfig;
import dev.kelda.server.config.Configuration;
import dev.kelda.server.config.ServerConfig;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.Driver;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.arrow.driver.jdbc.ArrowFlightJdbcDriver;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The stock JDBC driver against a server. */
final class TestFlightSql {
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
      statement.executeUpdate(
          "CREATE TABLE types (i INTEGER NOT NULL, b BIGINT, d DECIMAL(10, 2), f DOUBLE,"
              + " s VARCHAR, t TIMESTAMP, day DATE, flag BOOLEAN)");
      assertThat(
              statement.executeUpdate(
                  "INSERT INTO types VALUES (1, 2, 3.45, 6.5, 'seven',"
                      + " TIMESTAMP '2024-02-29 12:34:56', DATE '2024-02-29', TRUE),"
                      + " (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"))
          .isEqualTo(2);
    }
  }

  @AfterAll
  static void stop() {
    assertThat(server.engine().metrics().arrowBytes()).isZero();
    assertThat(server.engine().metrics().leakedBytes()).isZero();
    server.close();
  }

  private static Connection connect(String parameters) throws SQLException {
    Driver driver = new ArrowFlightJdbcDriver();
    return driver.connect(
        "jdbc:arrow-flight-sql://127.0.0.1:"
            + server.flightPort()
            + "/?useEncryption=false"
            + parameters,
        new Properties());
  }

  @Test
  void readsEveryType() throws SQLException {
    try (Connection connection = connect("");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT * FROM types ORDER BY i")) {
      assertThat(rows.next()).isTrue();
      assertThat(rows.getInt("i")).isEqualTo(1);
      assertThat(rows.getLong("b")).isEqualTo(2);
      assertThat(rows.getBigDecimal("d")).isEqualByComparingTo("3.45");
      assertThat(rows.getDouble("f")).isEqualTo(6.5);
      assertThat(rows.getString("s")).isEqualTo("seven");
      assertThat(rows.getString("day")).isEqualTo("2024-02-29");
      assertThat(rows.getBoolean("flag")).isTrue();
      assertThat(rows.next()).isTrue();
      assertThat(rows.getObject("s")).isNull();
      assertThat(rows.next()).isFalse();
    }
  }

  @Test
  void bindsParameters() throws SQLException {
    try (Connection connection = connect("");
        PreparedStatement statement =
            connection.prepareStatement("SELECT s FROM types WHERE i = ? AND s LIKE ?")) {
      assertThat(statement.getParameterMetaData().getParameterCount()).isEqualTo(2);
      for (int repeat = 0; repeat < 3; repeat++) {
        statement.setInt(1, 1);
        statement.setString(2, "sev%");
        try (ResultSet rows = statement.executeQuery()) {
          assertThat(rows.next()).isTrue();
          assertThat(rows.getString(1)).isEqualTo("seven");
        }
      }
    }
  }

  @Test
  void runsAnUpdateOnce() throws SQLException {
    try (Connection connection = connect("");
        Statement statement = connection.createStatement()) {
      assertThat(statement.executeUpdate("CREATE TABLE once (a INTEGER)")).isZero();
      assertThat(statement.executeUpdate("INSERT INTO once VALUES (1), (2), (3)")).isEqualTo(3);
      try (ResultSet rows = statement.executeQuery("SELECT COUNT(*) FROM once")) {
        rows.next();
        assertThat(rows.getLong(1)).isEqualTo(3);
      }
      statement.executeUpdate("DROP TABLE once");
    }
  }

  @Test
  void describesCatalogsAndTables() throws SQLException {
    try (Connection connection = connect("")) {
      DatabaseMetaData about = connection.getMetaData();
      assertThat(about.getDatabaseProductName()).isEqualTo("Kelda");
      assertThat(about.getIdentifierQuoteString()).isEqualTo("\"");
      assertThat(column(about.getCatalogs(), "TABLE_CAT")).contains("files", "lake", "system");
      assertThat(column(about.getSchemas("lake", null), "TABLE_SCHEM"))
          .contains("information_schema", "main");
      assertThat(column(about.getTables("lake", "main", "ty%", null), "TABLE_NAME"))
          .containsExactly("types");
      assertThat(
              column(about.getTables("lake", "main", "TYPES", new String[] {"VIEW"}), "TABLE_NAME"))
          .isEmpty();
      assertThat(column(about.getTableTypes(), "TABLE_TYPE"))
          .containsExactly("SYSTEM TABLE", "TABLE", "VIEW");
      assertThat(column(about.getPrimaryKeys("lake", "main", "types"), "COLUMN_NAME")).isEmpty();
    }
  }

  @Test
  void describesColumns() throws SQLException {
    try (Connection connection = connect("");
        ResultSet columns = connection.getMetaData().getColumns("lake", "main", "types", "%")) {
      List<String> seen = new ArrayList<>();
      while (columns.next()) {
        seen.add(columns.getString("COLUMN_NAME") + " " + columns.getInt("DATA_TYPE"));
        if (columns.getString("COLUMN_NAME").equals("d")) {
          assertThat(columns.getInt("COLUMN_SIZE")).isEqualTo(10);
          assertThat(columns.getInt("DECIMAL_DIGITS")).isEqualTo(2);
        }
        if (columns.getString("COLUMN_NAME").equals("i")) {
          assertThat(columns.getString("IS_NULLABLE")).isEqualTo("NO");
        }
      }
      assertThat(seen)
          .contains("i " + Types.INTEGER, "d " + Types.DECIMAL, "s " + Types.VARCHAR)
          .hasSize(8);
    }
  }

  /** Every method without arguments: the driver asks the server for about 70 values. */
  @Test
  void answersEveryCapability() throws ReflectiveOperationException, SQLException {
    try (Connection connection = connect("")) {
      DatabaseMetaData about = connection.getMetaData();
      for (var method : DatabaseMetaData.class.getMethods()) {
        if (method.getParameterCount() == 0 && !ResultSet.class.equals(method.getReturnType())) {
          method.invoke(about);
        }
      }
    }
  }

  @Test
  void keepsTheSessionOfAConnection() throws SQLException {
    try (Connection connection = connect("");
        Statement statement = connection.createStatement()) {
      statement.executeUpdate("USE system");
      try (ResultSet rows = statement.executeQuery("SELECT COUNT(*) FROM functions")) {
        rows.next();
        assertThat(rows.getLong(1)).isPositive();
      }
      statement.executeUpdate("SET time_zone = 'Europe/Paris'");
      try (ResultSet rows = statement.executeQuery("SHOW SETTINGS LIKE 'time_zone'")) {
        rows.next();
        assertThat(rows.getString("value")).isEqualTo("Europe/Paris");
      }
    }
  }

  @Test
  void takesTheCatalogOfTheUrl() throws SQLException {
    Connection connection = connect("&catalog=system"); // never closed: that fails in this driver
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT COUNT(*) FROM functions")) {
      rows.next();
      assertThat(rows.getLong(1)).isPositive();
    }
  }

  @Test
  void saysWhatIsWrongWithoutAStackTrace() throws SQLException {
    try (Connection connection = connect("");
        Statement statement = connection.createStatement()) {
      assertThatThrownBy(() -> statement.executeQuery("SELECT seven FROM types"))
          .hasMessageContaining("COLUMN_NOT_FOUND")
          .hasMessageContaining("line 1, column 8")
          .hasMessageNotContaining("\tat ");
    }
  }

  private static List<String> column(ResultSet rows, String name) throws SQLException {
    List<String> values = new ArrayList<>();
    try (rows) {
      while (rows.next()) {
        values.add(rows.getString(name));
      }
    }
    return values;
  }
}
