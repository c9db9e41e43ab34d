package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.ObjectStores;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.apache.iceberg.CatalogProperties;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.jdbc.JdbcCatalog;

/** Catalogs kept in a database: SQLite or PostgreSQL. */
final class JdbcCatalogs {
  static final String SQLITE = "jdbc:sqlite:";

  private JdbcCatalogs() {}

  /**
   * Opens it; creates its tables and the default schema if absent.
   *
   * @param settings {@code user} and {@code password}, if any
   */
  static IcebergCatalog open(
      String name,
      String uri,
      Locations locations,
      ObjectStores stores,
      Map<String, String> settings) {
    Map<String, String> properties = new HashMap<>();
    properties.put(CatalogProperties.URI, uri);
    properties.put(CatalogProperties.WAREHOUSE_LOCATION, locations.warehouse());
    properties.put(CatalogProperties.CLIENT_POOL_SIZE, "4");
    properties.put(CatalogProperties.IO_MANIFEST_CACHE_ENABLED, "true");
    properties.put("jdbc.schema-version", "V1");
    // What PostgreSQL says to a connection that it ends: another one is opened.
    properties.put("retryable_status_codes", "57P01,57P02,57P03");
    Properties connection = new Properties();
    if (uri.startsWith(SQLITE)) {
      createParent(uri);
      connection.put("journal_mode", "WAL");
      connection.put("busy_timeout", "30000");
    }
    Optional.ofNullable(settings.get("user")).ifPresent(v -> connection.put("user", v));
    Optional.ofNullable(settings.get("password")).ifPresent(v -> connection.put("password", v));
    connection.forEach((key, value) -> properties.put("jdbc." + key, value.toString()));
    JdbcCatalog catalog = new JdbcCatalog(io -> new WarehouseIO(locations, stores, io), null, true);
    Namespace main = Namespace.of(SchemaDefinitions.DEFAULT);
    IcebergErrors.translating(
        "catalog " + name,
        () -> {
          catalog.initialize(name, properties);
          if (!catalog.namespaceExists(main)) {
            catalog.createNamespace(main, Map.of());
          }
        });
    TablePointers pointers = new TablePointers(name, uri, connection);
    Closeable both =
        () -> {
          pointers.close();
          catalog.close();
        };
    return new IcebergCatalog(
        name,
        catalog,
        catalog,
        catalog,
        Optional.of(pointers),
        IcebergCatalog.Folders.CHOSEN_HERE,
        locations,
        new MetadataFiles(
            new WarehouseIO(
                locations, stores, Map.of(CatalogProperties.IO_MANIFEST_CACHE_ENABLED, "true"))),
        new CommitQueue(),
        both);
  }

  /** The path of a SQLite URI's database. */
  static String file(String uri) {
    return uri.substring(SQLITE.length()).replaceFirst("^file:", "");
  }

  private static void createParent(String uri) {
    Path file = Path.of(file(uri));
    try {
      Files.createDirectories(file.getParent());
    } catch (IOException e) {
      throw new KeldaException(
          ErrorCode.CATALOG_ERROR,
          "cannot create the folder of " + file + ": " + e.getMessage(),
          e);
    }
  }
}
