package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.ConnectorContext;
import dev.kelda.spi.connector.ConnectorFactory;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Makes Iceberg catalogs of type {@code iceberg}. Properties of a {@code catalog = 'jdbc'}, the
 * default, all optional:
 *
 * <ul>
 *   <li>{@code uri}: {@code jdbc:sqlite:PATH} or {@code jdbc:postgresql://HOST/DB} (default: the
 *       engine's metastore, which is HOME/metastore.db if not configured)
 *   <li>{@code warehouse}: folder or URL ({@code s3://}, {@code gs://}, {@code abfss://}) of the
 *       tables (default HOME/warehouse)
 *   <li>{@code catalog-name}: the name within the metastore (default: the catalog's own)
 *   <li>{@code user}, {@code password}: of the metastore
 * </ul>
 *
 * Properties of a {@code catalog = 'rest'}:
 *
 * <ul>
 *   <li>{@code uri}: {@code https://HOST/PATH} of the server
 *   <li>{@code location}: folder or URL below which the server puts tables; nothing is written
 *       elsewhere
 *   <li>{@code warehouse}: its name at the server, if that has several
 *   <li>{@code credential} ({@code ID:SECRET}) with {@code scope} and {@code oauth2-server-uri}, or
 *       {@code token}: who asks, by OAuth2
 *   <li>{@code vended-credentials}: {@code false} when the server is not to be asked for
 *       credentials of each table, as it is by default
 * </ul>
 */
public final class IcebergConnectorFactory implements ConnectorFactory {
  private static final Set<String> JDBC =
      Set.of("catalog", "uri", "warehouse", "catalog-name", "user", "password");
  private static final Set<String> REST =
      Set.of(
          "catalog",
          "uri",
          "location",
          "warehouse",
          "credential",
          "token",
          "scope",
          "oauth2-server-uri",
          RestCatalogs.VENDED_CREDENTIALS);

  @Override
  public String type() {
    return "iceberg";
  }

  @Override
  public List<String> locations(Map<String, String> properties, ConnectorContext context) {
    List<String> locations = new ArrayList<>();
    for (String folder : List.of("warehouse", "location")) {
      boolean aName = folder.equals("warehouse") && kind(properties).equals("rest");
      if (properties.containsKey(folder) && !aName) {
        locations.add(url(properties.get(folder), context));
      }
    }
    String uri = properties.getOrDefault("uri", "");
    if (uri.startsWith(JdbcCatalogs.SQLITE)) {
      locations.add(JdbcCatalogs.file(uri));
    }
    return locations;
  }

  private static String kind(Map<String, String> properties) {
    return properties.getOrDefault("catalog", "jdbc");
  }

  @Override
  public Connector create(String catalog, Map<String, String> given, ConnectorContext context) {
    String kind = kind(given);
    return new IcebergConnector(
        switch (kind) {
          case "jdbc" -> jdbc(catalog, given, context);
          case "rest" -> rest(catalog, given, context);
          default ->
              throw invalid(
                  catalog, "catalog = '" + kind + "' is not supported; use 'jdbc' or 'rest'");
        });
  }

  private static IcebergCatalog jdbc(
      String catalog, Map<String, String> given, ConnectorContext context) {
    Map<String, String> properties = new HashMap<>(given);
    if (!given.containsKey("uri")) {
      properties.putAll(context.metastore());
    }
    requireKnown(catalog, properties, JDBC);
    String uri =
        properties.getOrDefault("uri", "jdbc:sqlite:" + context.home().resolve("metastore.db"));
    return JdbcCatalogs.open(
        properties.getOrDefault("catalog-name", catalog),
        checkedUri(catalog, uri),
        new Locations(
            url(properties.getOrDefault("warehouse", "warehouse"), context), context.locations()),
        context.stores(),
        properties);
  }

  private static IcebergCatalog rest(
      String catalog, Map<String, String> properties, ConnectorContext context) {
    requireKnown(catalog, properties, REST);
    String vended = properties.getOrDefault(RestCatalogs.VENDED_CREDENTIALS, "true");
    if (!vended.matches("true|false")) {
      throw invalid(
          catalog,
          RestCatalogs.VENDED_CREDENTIALS + " must be 'true' or 'false', not '" + vended + "'");
    }
    String uri = properties.getOrDefault("uri", "");
    if (!uri.matches("https?://.+")) {
      throw invalid(catalog, "uri must be https://HOST/PATH of a REST catalog, not '" + uri + "'");
    }
    String location =
        Optional.ofNullable(properties.get("location"))
            .orElseThrow(
                () ->
                    invalid(
                        catalog,
                        "location is missing: the folder or URL below which the tables lie"));
    return RestCatalogs.open(
        catalog,
        new Locations(url(location, context), context.locations()),
        context.stores(),
        properties);
  }

  private static void requireKnown(
      String catalog, Map<String, String> properties, Set<String> known) {
    for (String property : properties.keySet()) {
      if (!known.contains(property)) {
        throw invalid(
            catalog, "unknown property '" + property + "'; known: " + new TreeSet<>(known));
      }
    }
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

  /** A folder of the home, or a URL. */
  private static String url(String location, ConnectorContext context) {
    String url =
        location.contains("://")
            ? location
            : "file://" + context.home().resolve(location).toAbsolutePath().normalize();
    return url.replaceAll("/+$", "");
  }

  private static KeldaException invalid(String catalog, String message) {
    return new KeldaException(
        ErrorCode.INVALID_CONFIGURATION, "catalog " + catalog + ": " + message);
  }
}
