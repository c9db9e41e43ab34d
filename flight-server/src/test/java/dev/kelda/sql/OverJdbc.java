package dev.kelda.sql;

import java.sql.Array;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Struct;
import java.sql.Time;
import java.sql.Timestamp;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A server, through the stock Arrow Flight SQL driver. */
final class OverJdbc implements SltConnection {
  private final Connection connection;

  OverJdbc(int port) throws SQLException {
    connection =
        DriverManager.getConnection(
            "jdbc:arrow-flight-sql://127.0.0.1:" + port + "/?useEncryption=false");
  }

  @Override
  public List<String> run(String sql) throws SltError {
    try (Statement statement = connection.createStatement()) {
      List<String> rows = new ArrayList<>();
      if (!statement.execute(sql)) {
        return rows;
      }
      try (ResultSet result = statement.getResultSet()) {
        int columns = result.getMetaData().getColumnCount();
        while (result.next()) {
          List<String> cells = new ArrayList<>();
          for (int column = 1; column <= columns; column++) {
            cells.add(Cells.text(plain(value(result, column))));
          }
          rows.add(Cells.row(cells));
        }
      }
      return rows;
    } catch (SQLException e) {
      throw new SltError(String.valueOf(e.getMessage()));
    }
  }

  /** The stock driver reads TIMESTAMP WITH TIME ZONE by getTimestamp alone. */
  private static Object value(ResultSet result, int column) throws SQLException {
    return result.getMetaData().getColumnType(column) == Types.TIMESTAMP_WITH_TIMEZONE
        ? result.getTimestamp(column)
        : result.getObject(column);
  }

  private static Object plain(Object value) throws SQLException {
    return switch (value) {
      case null -> null;
      case Date date -> date.toLocalDate();
      case Time time -> time.toLocalTime();
      case Timestamp timestamp -> timestamp.toLocalDateTime();
      case Array array -> list(Arrays.asList((Object[]) array.getArray()));
      case Struct struct -> list(Arrays.asList(struct.getAttributes()));
      case List<?> list -> list(list);
      case Map<?, ?> map -> {
        Map<Object, Object> fields = new LinkedHashMap<>();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          fields.put(entry.getKey(), plain(entry.getValue()));
        }
        yield fields;
      }
      default -> value instanceof CharSequence text ? text.toString() : value;
    };
  }

  private static List<Object> list(List<?> values) throws SQLException {
    List<Object> plain = new ArrayList<>();
    for (Object value : values) {
      plain.add(plain(value));
    }
    return plain;
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
