package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.ObjectStores;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.iceberg.CatalogProperties;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.SessionCatalog.SessionContext;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.rest.HTTPClient;
import org.apache.iceberg.rest.RESTCatalogProperties;
import org.apache.iceberg.rest.RESTSessionCatalog;
import org.apache.iceberg.rest.RESTUtil;
import org.apache.iceberg.rest.auth.AuthProperties;
import org.apache.iceberg.rest.auth.OAuth2Properties;

/** Catalogs behind Iceberg's REST protocol: Polaris, Lakekeeper, Unity, Glue and others. */
final class RestCatalogs {
  /** Settings that go to Iceberg's client as they are. */
  private static final Set<String> CLIENT =
      Set.of(
          CatalogProperties.URI,
          CatalogProperties.WAREHOUSE_LOCATION,
          OAuth2Properties.CREDENTIAL,
          OAuth2Properties.TOKEN,
          OAuth2Properties.SCOPE,
          OAuth2Properties.OAUTH2_SERVER_URI);

  /** Whether the server is asked for credentials of each table. */
  static final String VENDED_CREDENTIALS = "vended-credentials";

  private static final String ACCESS_DELEGATION = "header.X-Iceberg-Access-Delegation";

  private RestCatalogs() {}

  /**
   * Opens it: asks for the server's configuration.
   *
   * @param locations where the server puts tables
   * @param settings {@code uri}, and {@code warehouse}, {@code token}, {@code credential}, {@code
   *     scope}, {@code oauth2-server-uri}, {@code vended-credentials} if any; secret
   */
  static IcebergCatalog open(
      String name, Locations locations, ObjectStores stores, Map<String, String> settings) {
    Map<String, String> properties = new HashMap<>(settings);
    properties.keySet().retainAll(CLIENT);
    properties.put(CatalogProperties.IO_MANIFEST_CACHE_ENABLED, "true");
    boolean login =
        settings.containsKey(OAuth2Properties.CREDENTIAL)
            || settings.containsKey(OAuth2Properties.TOKEN);
    properties.put(
        AuthProperties.AUTH_TYPE,
        login ? AuthProperties.AUTH_TYPE_OAUTH2 : AuthProperties.AUTH_TYPE_NONE);
    properties.put(RESTCatalogProperties.METRICS_REPORTING_ENABLED, "false");
    if (Boolean.parseBoolean(settings.getOrDefault(VENDED_CREDENTIALS, "true"))) {
      properties.put(ACCESS_DELEGATION, "vended-credentials");
    }
    VendedCredentials vended = new VendedCredentials(locations, stores);
    RESTSessionCatalog sessions =
        new RESTSessionCatalog(
            config ->
                new LendingClient(
                    HTTPClient.builder(config)
                        .uri(config.get(CatalogProperties.URI))
                        .withHeaders(RESTUtil.configHeaders(config))
                        .build(),
                    vended),
            (session, io) -> new WarehouseIO(locations, stores, io));
    IcebergErrors.translating("catalog " + name, () -> sessions.initialize(name, properties));
    SessionContext session = SessionContext.createEmpty();
    Catalog tables = sessions.asCatalog(session);
    return new IcebergCatalog(
        name,
        tables,
        sessions.asViewCatalog(session),
        (SupportsNamespaces) tables,
        Optional.empty(),
        IcebergCatalog.Folders.CHOSEN_BY_CATALOG,
        locations,
        new MetadataFiles(new WarehouseIO(locations, stores, Map.of())),
        new CommitQueue(),
        () -> {
          vended.close();
          sessions.close();
        });
  }
}
