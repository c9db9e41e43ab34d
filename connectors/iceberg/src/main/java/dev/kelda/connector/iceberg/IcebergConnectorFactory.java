package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.ConnectorContext;
import dev.kelda.spi.connector.ConnectorFactory;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Makes Iceberg catalogs of type {@code iceberg}. Properties, all optional:
 *
 * <ul>
 *   <li>{@code catalog}: the kind of catalog; {@code jdbc}
 *   <li>{@code uri}: {@code jdbc:sqlite:PATH} or {@code jdbc:postgresql://HOST/DB} (default: the
 *       engine's metastore, which is HOME/metastore.db if not configured)
 *   <li>{@code warehouse}: folder or {@code s3://} URL of the tables (default HOME/warehouse)
 *   <li>{@code catalog-name}: the name within the metastore (default: the catalog's own)
 *   <li>{@code user}, {@code password}: of the metastore
 * </ul>
 */
public final class IcebergConnectorFactory implements ConnectorFactory {
  private static final Set<String> PROPERTIES =
      Set.of("catalog", "uri", "warehouse", "catalog-name", "user", "password");

  @Override
  public String type() {
    return "iceberg";
  }

  @Override
  public Connector create(String catalog, Map<String, String> given, ConnectorContext context) {
    Map<String, String> properties = new HashMap<>(given);
    if (!given.containsKey("uri")) {
      properties.putAll(context.metastore());
    }
    for (String property : properties.keySet()) {
      if (!PROPERTIES.contains(property)) {
        throw invalid(
            catalog, "unknown property '" + property + "'; known: " + new TreeSet<>(PROPERTIES));
      }
    }
    String kind = properties.getOrDefault("catalog", "jdbc");
    if (!kind.equals("jdbc")) {
      throw invalid(catalog, "catalog = '" + kind + "' is not supported; use 'jdbc'");
    }
    String uri =
        properties.getOrDefault("uri", "jdbc:sqlite:" + context.home().resolve("metastore.db"));
    return new IcebergConnector(
        JdbcCatalogs.open(
            properties.getOrDefault("catalog-name", catalog),
            checkedUri(catalog, uri),
            new Locations(warehouse(properties, context), context.locations()),
            context.storage(),
            properties));
  }

  // Only plain addresses: options in a JDBC URL can name classes and files.
  private static String checkedUri(String catalog, String uri) {
    boolean sqlite = uri.startsWith("jdbc:sqlite:/") || uri.startsWith("jdbc:sqlite:file:/");
    boolean postgres = uri.matches("jdbc:postgresql://[\\w.:\\[\\]-]+/[\\w.-]+");
    if (uri.indexOf('?') >= 0 || !(sqlite || postgres)) {
      throw invalid(
          catalog,
          "uri must be jdbc:sqlite:/ABSOLUTE/PATH or jdbc:postgresql://HOST[:PORT]/DATABASE");
    }
    return uri;
  }

  private static String warehouse(Map<String, String> properties, ConnectorContext context) {
    String warehouse = properties.getOrDefault("warehouse", "warehouse");
    String url =
        warehouse.contains("://")
            ? warehouse
            : "file://" + context.home().resolve(warehouse).toAbsolutePath().normalize();
    return url.replaceAll("/+$", "");
  }

  private static KeldaException invalid(String catalog, String message) {
    return new KeldaException(
        ErrorCode.INVALID_CONFIGURATION, "catalog " + catalog + ": " + message);
  }
}
