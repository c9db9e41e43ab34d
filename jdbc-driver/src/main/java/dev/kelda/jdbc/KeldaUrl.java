package dev.kelda.jdbc;

import java.net.InetAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.sql.DriverPropertyInfo;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;

/**
 * What a URL and its properties say.
 *
 * @param flightUrl for the stock driver
 * @param properties for the stock driver; passwords among them
 */
record KeldaUrl(
    String flightUrl, Properties properties, Optional<String> catalog, Optional<String> schema) {
  static final String PREFIX = "jdbc:kelda://";
  private static final int DEFAULT_PORT = 8815;

  /** The properties of the driver, with what they mean; others are sent as headers of each call. */
  private enum Property {
    USER("user", "User name."),
    PASSWORD("password", "Password."),
    TOKEN("token", "A bearer token in place of a password."),
    TLS("useEncryption", "true or false; unless given, everything but loopback is encrypted."),
    ROOTS("tlsRootCerts", "PEM file of the certificates to trust."),
    SYSTEM_ROOTS("useSystemTrustStore", "Trust what the system trusts (true)."),
    UNCHECKED("disableCertificateVerification", "Trust any certificate; for tests."),
    TRUST_STORE("trustStore", "Java trust store to use."),
    TRUST_STORE_PASSWORD("trustStorePassword", "Its password."),
    CLIENT_CERTIFICATE("clientCertificate", "PEM file of the client's own certificate."),
    CLIENT_KEY("clientKey", "PEM file of its key."),
    CONNECT_TIMEOUT("connectTimeoutMs", "Milliseconds to wait for a connection (10000).");

    private final String key;
    private final String description;

    Property(String key, String description) {
      this.key = key;
      this.description = description;
    }
  }

  /**
   * @param given win over the URL's own
   * @throws SQLException when it is no such URL
   */
  static KeldaUrl parse(String url, Properties given) throws SQLException {
    URI uri;
    try {
      uri = URI.create(url.substring("jdbc:".length()));
    } catch (IllegalArgumentException e) {
      throw invalid(url, e.getMessage());
    }
    if (uri.getHost() == null) {
      throw invalid(url, "no host");
    }
    Properties properties = new Properties();
    addQuery(uri.getRawQuery(), properties);
    if (given != null) {
      given.stringPropertyNames().forEach(key -> properties.put(key, given.getProperty(key)));
    }
    if (!properties.containsKey(Property.TLS.key)) {
      properties.put(Property.TLS.key, String.valueOf(!isLoopback(uri.getHost())));
    }
    String[] path = path(uri);
    if (path.length > 2) {
      throw invalid(url, "the path is /catalog/schema");
    }
    int port = uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort();
    return new KeldaUrl(
        "jdbc:arrow-flight-sql://" + uri.getHost() + ":" + port + "/",
        properties,
        path.length > 0 ? Optional.of(path[0]) : Optional.empty(),
        path.length > 1 ? Optional.of(path[1]) : Optional.empty());
  }

  static DriverPropertyInfo[] describe(Properties given) {
    return Arrays.stream(Property.values())
        .map(
            property -> {
              String value = given == null ? null : given.getProperty(property.key);
              DriverPropertyInfo info = new DriverPropertyInfo(property.key, value);
              info.description = property.description;
              return info;
            })
        .toArray(DriverPropertyInfo[]::new);
  }

  private static void addQuery(String query, Properties properties) {
    if (query == null || query.isEmpty()) {
      return;
    }
    for (String pair : query.split("&")) {
      int equals = pair.indexOf('=');
      String key = equals < 0 ? pair : pair.substring(0, equals);
      String value = equals < 0 ? "true" : pair.substring(equals + 1);
      properties.put(decode(key), decode(value));
    }
  }

  private static String[] path(URI uri) {
    return Arrays.stream(uri.getPath() == null ? new String[0] : uri.getPath().split("/"))
        .filter(part -> !part.isEmpty())
        .toArray(String[]::new);
  }

  private static boolean isLoopback(String host) {
    try {
      return host.toLowerCase(Locale.ROOT).equals("localhost")
          || InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false; // connecting will say so
    }
  }

  private static String decode(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  private static SQLException invalid(String url, String reason) {
    int query = url.indexOf('?'); // may hold a password
    String shown = query < 0 ? url : url.substring(0, query);
    return new SQLException(
        "'" + shown + "': " + reason + "; write jdbc:kelda://host:port/catalog/schema", "08001");
  }
}
