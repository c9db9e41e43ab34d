package dev.kelda.connector.jdbc;

import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.ConnectorContext;
import dev.kelda.spi.connector.ConnectorFactory;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Makes catalogs of type {@code jdbc}, also called by the database's name. Properties:
 *
 * <ul>
 *   <li>{@code url}: {@code postgresql://HOST[:PORT]/DATABASE}, {@code sqlite:PATH} or {@code
 *       duckdb:PATH}, with or without {@code jdbc:} before it; nothing after a {@code ?}
 *   <li>{@code user}, {@code password}
 *   <li>{@code sslmode} (PostgreSQL): disable, prefer, require, verify-ca or verify-full
 *   <li>{@code pool-size}: most connections at a time, 16
 * </ul>
 */
public final class JdbcConnectorFactory implements ConnectorFactory {
  private static final Set<String> PROPERTIES =
      Set.of("url", "user", "password", "sslmode", "pool-size");

  @Override
  public String type() {
    return "jdbc";
  }

  /** The URL alone decides which database it is. */
  @Override
  public Set<String> aliases() {
    return Set.of("postgres", "postgresql", "sqlite", "duckdb");
  }

  @Override
  public List<String> locations(Map<String, String> properties, ConnectorContext context) {
    try {
      String url = properties.getOrDefault("url", "");
      return ConnectionSettings.file(url, context.home()).stream().toList();
    } catch (IllegalArgumentException e) {
      throw new KeldaException(ErrorCode.INVALID_CONFIGURATION, e.getMessage(), e);
    }
  }

  @Override
  public Connector create(
      String catalog, Map<String, String> properties, ConnectorContext context) {
    for (String property : properties.keySet()) {
      if (!PROPERTIES.contains(property)) {
        throw invalid(
            catalog, "unknown property '" + property + "'; known: " + new TreeSet<>(PROPERTIES));
      }
    }
    String url =
        Optional.ofNullable(properties.get("url"))
            .orElseThrow(() -> invalid(catalog, "property 'url' is missing"));
    try {
      return new JdbcConnector(
          catalog, ConnectionSettings.of(url, properties, context.home()), poolSize(properties));
    } catch (IllegalArgumentException e) {
      throw invalid(catalog, e.getMessage());
    }
  }

  private static int poolSize(Map<String, String> properties) {
    String size = properties.getOrDefault("pool-size", "16");
    if (!size.matches("[1-9]\\d{0,2}")) {
      throw new IllegalArgumentException("pool-size must be 1 to 999, not '" + size + "'");
    }
    return Integer.parseInt(size);
  }

  private static KeldaException invalid(String catalog, String message) {
    return new KeldaException(
        ErrorCode.INVALID_CONFIGURATION, "catalog " + catalog + ": " + message);
  }
}
