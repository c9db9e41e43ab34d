package dev.kelda.jdbc;

import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.SQLException;
import java.util.Properties;
import java.util.logging.Logger;
import org.apache.arrow.driver.jdbc.ArrowFlightJdbcDriver;

/** {@code jdbc:kelda://host:port[/catalog[/schema]][?property=value&…]}; found by ServiceLoader. */
public final class KeldaDriver implements Driver {
  private static final int MAJOR = 0;
  private static final int MINOR = 1;

  static {
    try {
      DriverManager.registerDriver(new KeldaDriver());
    } catch (SQLException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @Override
  public boolean acceptsURL(String url) {
    return url != null && url.startsWith(KeldaUrl.PREFIX);
  }

  /** Null for another driver's URL, as JDBC wants it. */
  @Override
  public Connection connect(String url, Properties properties) throws SQLException {
    if (!acceptsURL(url)) {
      return null;
    }
    KeldaUrl parsed = KeldaUrl.parse(url, properties);
    Connection connection =
        new ArrowFlightJdbcDriver().connect(parsed.flightUrl(), parsed.properties());
    try {
      return ConnectionFixes.mend(connection, url, parsed.catalog(), parsed.schema());
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  @Override
  public DriverPropertyInfo[] getPropertyInfo(String url, Properties properties)
      throws SQLException {
    return KeldaUrl.describe(
        acceptsURL(url) ? KeldaUrl.parse(url, properties).properties() : properties);
  }

  @Override
  public int getMajorVersion() {
    return MAJOR;
  }

  @Override
  public int getMinorVersion() {
    return MINOR;
  }

  /** Not yet: no transactions. */
  @Override
  public boolean jdbcCompliant() {
    return false;
  }

  @Override
  public Logger getParentLogger() {
    return Logger.getLogger("dev.kelda.jdbc");
  }
}
