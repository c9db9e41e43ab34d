package dev.kelda.jdbc;

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.List;
import java.util.Locale;

/** Of the metadata: types and functions, which the stock driver does not ask for; who this is. */
public final class MetaDataFixes {
  private static final List<Type> TYPES =
      List.of(
          new Type("BOOLEAN", Types.BOOLEAN, 1, "", 0, 0),
          new Type("TINYINT", Types.TINYINT, 3, "", 0, 0),
          new Type("BIGINT", Types.BIGINT, 19, "", 0, 0),
          new Type("VARBINARY", Types.VARBINARY, Integer.MAX_VALUE, "X'", 0, 0),
          new Type("BINARY", Types.BINARY, Integer.MAX_VALUE, "X'", 0, 0),
          new Type("CHAR", Types.CHAR, Integer.MAX_VALUE, "'", 0, 0),
          new Type("DECIMAL", Types.DECIMAL, 38, "", 0, 38),
          new Type("INTEGER", Types.INTEGER, 10, "", 0, 0),
          new Type("SMALLINT", Types.SMALLINT, 5, "", 0, 0),
          new Type("REAL", Types.REAL, 7, "", 0, 0),
          new Type("DOUBLE", Types.DOUBLE, 15, "", 0, 0),
          new Type("VARCHAR", Types.VARCHAR, Integer.MAX_VALUE, "'", 0, 0),
          new Type("DATE", Types.DATE, 10, "DATE '", 0, 0),
          new Type("TIME", Types.TIME, 15, "TIME '", 0, 6),
          new Type("TIMESTAMP", Types.TIMESTAMP, 29, "TIMESTAMP '", 0, 9),
          new Type(
              "TIMESTAMP WITH LOCAL TIME ZONE",
              Types.TIMESTAMP_WITH_TIMEZONE,
              35,
              "TIMESTAMP WITH LOCAL TIME ZONE '",
              0,
              9));

  private final Connection connection;
  private final ConnectionFixes fixes;

  private record Type(
      String name, int jdbc, int precision, String prefix, int minimumScale, int maximumScale) {
    String row(int order) {
      boolean number =
          maximumScale > 6
              || List.of("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "REAL", "DOUBLE")
                  .contains(name);
      String prefixText =
          prefix.isEmpty() ? "CAST(NULL AS VARCHAR)" : "'" + prefix.replace("'", "''") + "'";
      String suffixText = prefix.isEmpty() ? "CAST(NULL AS VARCHAR)" : "''''";
      return String.format(
          Locale.ROOT,
          "(%d, '%s', %d, %d, %s, %s, %s, %d, %b, %d, %b, FALSE, FALSE, '%s', %d, %d, %s)",
          order,
          name,
          jdbc,
          precision,
          prefixText,
          suffixText,
          name.equals("DECIMAL") ? "'precision,scale'" : "CAST(NULL AS VARCHAR)",
          DatabaseMetaData.typeNullable,
          name.endsWith("CHAR"),
          DatabaseMetaData.typeSearchable,
          false,
          name,
          minimumScale,
          maximumScale,
          number ? "10" : "CAST(NULL AS INTEGER)");
    }
  }

  MetaDataFixes(Connection connection, ConnectionFixes fixes) {
    this.connection = connection;
    this.fixes = fixes;
  }

  public Connection getConnection() {
    return fixes.mended();
  }

  public String getURL() {
    int query = fixes.url().indexOf('?'); // may hold a password
    return query < 0 ? fixes.url() : fixes.url().substring(0, query);
  }

  public String getDriverName() {
    return "Kelda JDBC driver";
  }

  public String getDriverVersion() {
    return "0.1.0";
  }

  public boolean supportsBatchUpdates() {
    return true;
  }

  public ResultSet getTypeInfo() throws SQLException {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < TYPES.size(); i++) {
      rows.append(i == 0 ? "" : ", ").append(TYPES.get(i).row(i));
    }
    return query(
        "SELECT TYPE_NAME, DATA_TYPE, \"PRECISION\", LITERAL_PREFIX, LITERAL_SUFFIX, CREATE_PARAMS,"
            + " NULLABLE, CASE_SENSITIVE, SEARCHABLE, UNSIGNED_ATTRIBUTE, FIXED_PREC_SCALE,"
            + " AUTO_INCREMENT, LOCAL_TYPE_NAME, MINIMUM_SCALE, MAXIMUM_SCALE, DATA_TYPE AS SQL_DATA_TYPE,"
            + " CAST(NULL AS INTEGER) AS SQL_DATETIME_SUB, NUM_PREC_RADIX FROM (VALUES "
            + rows
            + ") AS t (place, TYPE_NAME, DATA_TYPE, \"PRECISION\", LITERAL_PREFIX, LITERAL_SUFFIX,"
            + " CREATE_PARAMS, NULLABLE, CASE_SENSITIVE, SEARCHABLE, UNSIGNED_ATTRIBUTE,"
            + " FIXED_PREC_SCALE, AUTO_INCREMENT, LOCAL_TYPE_NAME, MINIMUM_SCALE, MAXIMUM_SCALE,"
            + " NUM_PREC_RADIX) ORDER BY DATA_TYPE, place");
  }

  /** Every function, in no catalog. */
  public ResultSet getFunctions(String catalog, String schema, String pattern) throws SQLException {
    String like = pattern == null ? "%" : pattern.replace("'", "''");
    return query(
        "SELECT CAST(NULL AS VARCHAR) AS FUNCTION_CAT, CAST(NULL AS VARCHAR) AS FUNCTION_SCHEM,"
            + " name AS FUNCTION_NAME, MAX(description) AS REMARKS, "
            + DatabaseMetaData.functionResultUnknown
            + " AS FUNCTION_TYPE, name AS SPECIFIC_NAME FROM system.main.functions WHERE name ILIKE '"
            + like
            + "' GROUP BY name ORDER BY name");
  }

  private ResultSet query(String sql) throws SQLException {
    Statement statement = connection.createStatement();
    try {
      statement.closeOnCompletion();
      return statement.executeQuery(sql);
    } catch (SQLException e) {
      statement.close();
      throw e;
    }
  }
}
