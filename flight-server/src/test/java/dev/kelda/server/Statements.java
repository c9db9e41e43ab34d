package dev.kelda.server;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** Statements to a server of the test, each over a JDBC connection of its own. */
record Statements(KeldaServer server) {
  /** Each row's cells with {@code |} between them; none for an update. */
  List<String> rows(String sql) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection("jdbc:kelda://127.0.0.1:" + server.flightPort());
        Statement statement = connection.createStatement()) {
      List<String> rows = new ArrayList<>();
      if (!statement.execute(sql)) {
        return rows;
      }
      try (ResultSet result = statement.getResultSet()) {
        while (result.next()) {
          List<String> cells = new ArrayList<>();
          for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
            cells.add(result.getString(i));
          }
          rows.add(String.join("|", cells));
        }
      }
      return rows;
    }
  }

  /** Fails with this in its message, and with no secret and no stack trace. */
  void refused(String sql, String told, String secret) {
    assertThatThrownBy(() -> rows(sql))
        .isInstanceOf(SQLException.class)
        .hasMessageContaining(told)
        .hasMessageNotContaining(secret)
        .hasMessageNotContaining("INTERNAL_ERROR")
        .hasMessageNotContaining("\tat ");
  }
}
