package dev.kelda.connector.jdbc;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Where and how to connect. The URL is built from its checked parts and carries no options: drivers
 * have options that load classes, write files and run scripts.
 *
 * @param properties the driver's, secret
 */
record ConnectionSettings(Dialect dialect, String url, Properties properties) {
  private static final Pattern POSTGRESQL =
      Pattern.compile("postgres(?:ql)?://([\\w.-]+|\\[[0-9a-fA-F:]+])(?::(\\d{1,5}))?/([\\w.-]+)");
  private static final Set<String> SSL_MODES =
      Set.of("disable", "prefer", "require", "verify-ca", "verify-full");

  /**
   * @param home relative paths start here
   * @throws IllegalArgumentException for a URL or property that is not allowed
   */
  static ConnectionSettings of(String url, Map<String, String> values, Path home) {
    String address = address(url);
    Properties properties = new Properties();
    Matcher postgresql = POSTGRESQL.matcher(address);
    if (postgresql.matches()) {
      copy(values, "user", properties);
      copy(values, "password", properties);
      properties.put("sslmode", sslMode(values));
      properties.put("connectTimeout", "10");
      properties.put("tcpKeepAlive", "true");
      properties.put("ApplicationName", "kelda");
      String port = Optional.ofNullable(postgresql.group(2)).orElse("5432");
      return new ConnectionSettings(
          new PostgresDialect(),
          "jdbc:postgresql://" + postgresql.group(1) + ":" + port + "/" + postgresql.group(3),
          properties);
    }
    if (values.containsKey("user") || values.containsKey("password")) {
      throw new IllegalArgumentException("user and password are for PostgreSQL only");
    }
    if (address.startsWith("sqlite:")) {
      // 1 = SQLITE_OPEN_READONLY: a missing file is an error, not a new database.
      properties.put("open_mode", "1");
      properties.put("busy_timeout", "30000");
      return new ConnectionSettings(
          new SqliteDialect(), "jdbc:sqlite:" + file(address, "sqlite:", home), properties);
    }
    if (address.startsWith("duckdb:")) {
      properties.put("duckdb.read_only", "true");
      properties.put("jdbc_stream_results", "true");
      properties.put("enable_external_access", "false");
      return new ConnectionSettings(
          new DuckDbDialect(), "jdbc:duckdb:" + file(address, "duckdb:", home), properties);
    }
    throw new IllegalArgumentException(
        "url must be postgresql://HOST[:PORT]/DATABASE, sqlite:PATH or duckdb:PATH,"
            + " without options");
  }

  /** The database file that the URL names, absolute; empty when it names a server or nothing. */
  static Optional<String> file(String url, Path home) {
    return Stream.of("sqlite:", "duckdb:")
        .filter(address(url)::startsWith)
        .findFirst()
        .map(scheme -> file(address(url), scheme, home));
  }

  private static String address(String url) {
    return url.startsWith("jdbc:") ? url.substring("jdbc:".length()) : url;
  }

  private static String file(String address, String scheme, Path home) {
    String path = address.substring(scheme.length());
    boolean odd = path.chars().anyMatch(c -> c < ' ' || c == '?' || c == ';' || c == ':');
    if (path.isBlank() || odd) {
      throw new IllegalArgumentException("url must name a database file: " + scheme + "PATH");
    }
    return home.resolve(path).toAbsolutePath().normalize().toString();
  }

  private static String sslMode(Map<String, String> values) {
    String mode = values.getOrDefault("sslmode", "prefer");
    if (!SSL_MODES.contains(mode)) {
      throw new IllegalArgumentException("sslmode '" + mode + "' is none of " + SSL_MODES);
    }
    return mode;
  }

  private static void copy(Map<String, String> from, String key, Properties to) {
    Optional.ofNullable(from.get(key)).ifPresent(value -> to.put(key, value));
  }

  @Override
  public String toString() {
    return url;
  }
}
