package dev.kelda.connector.iceberg;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.spi.connector.LocationPolicy;
import dev.kelda.spi.testing.MemoryStores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.CatalogProperties;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableUtil;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.CatalogTests;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.apache.iceberg.view.ViewCatalogTests;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Iceberg's own tests of catalogs, over a catalog in SQLite whose files go through our IO. */
class TestCatalogFixtures {
  /** A warehouse in a folder. */
  private record Warehouse(Path folder) {
    String url() {
      return "file://" + folder.toAbsolutePath();
    }

    /** With the defaults that the tests expect of a catalog, for tables or views. */
    JdbcCatalog open(String name, String kind, Map<String, String> others) {
      Map<String, String> properties = new HashMap<>();
      properties.put(CatalogProperties.URI, JdbcCatalogs.SQLITE + folder.resolve(name + ".db"));
      properties.put(CatalogProperties.WAREHOUSE_LOCATION, url());
      properties.put("jdbc.schema-version", "V1");
      String separate = kind.equals("table") ? "default-key" : "key";
      String shared = kind.equals("table") ? "override-key" : "key";
      properties.put(kind + "-default." + separate + 1, "catalog-default-key1");
      properties.put(kind + "-default." + separate + 2, "catalog-default-key2");
      properties.put(kind + "-default." + shared + 3, "catalog-default-key3");
      properties.put(kind + "-override." + shared + 3, "catalog-override-key3");
      properties.put(kind + "-override." + shared + 4, "catalog-override-key4");
      properties.putAll(others);
      Locations locations = new Locations(url(), new LocationPolicy(folder, List.of()));
      JdbcCatalog catalog =
          new JdbcCatalog(io -> new WarehouseIO(locations, new MemoryStores(), io), null, true);
      catalog.initialize(name, properties);
      return catalog;
    }
  }

  @Nested
  class Tables extends CatalogTests<JdbcCatalog> {
    @TempDir Path folder;
    private JdbcCatalog catalog;

    @BeforeEach
    void open() {
      catalog = initCatalog("fixtures", Map.of());
    }

    @AfterEach
    void close() {
      catalog.close();
    }

    @Override
    protected JdbcCatalog catalog() {
      return catalog;
    }

    @Override
    protected JdbcCatalog initCatalog(String name, Map<String, String> properties) {
      return new Warehouse(folder).open(name, "table", properties);
    }

    @Override
    protected String baseTableLocation(TableIdentifier table) {
      return new Warehouse(folder).url() + "/" + table.namespace() + "/" + table.name();
    }

    @Override
    protected boolean supportsNestedNamespaces() {
      return true;
    }

    @Override
    protected boolean supportsEmptyNamespace() {
      return true;
    }

    // A limit of Iceberg's JdbcCatalog.
    @Override
    protected boolean supportsNamesWithDot() {
      return false;
    }

    // As theirs, which wants the words of Hadoop's file system.
    @Test
    @Override
    public void testLoadTableWithMissingMetadataFile(@TempDir Path unused) throws IOException {
      Table table = catalog.buildTable(TBL, SCHEMA).create();
      String location = TableUtil.metadataFileLocation(table);
      Files.delete(LocalFileIO.path(location));
      assertThatThrownBy(() -> catalog.loadTable(TBL))
          .isInstanceOf(NotFoundException.class)
          .hasMessage("File does not exist: " + location);
    }
  }

  @Nested
  class Views extends ViewCatalogTests<JdbcCatalog> {
    @TempDir Path folder;
    private JdbcCatalog catalog;

    @BeforeEach
    void open() {
      catalog = new Warehouse(folder).open("fixtures", "view", Map.of());
    }

    @AfterEach
    void close() {
      catalog.close();
    }

    @Override
    protected JdbcCatalog catalog() {
      return catalog;
    }

    @Override
    protected Catalog tableCatalog() {
      return catalog;
    }

    @Override
    protected String viewLocation(String... paths) {
      return new Warehouse(folder).url() + "/" + String.join("/", paths);
    }

    @Override
    protected boolean requiresNamespaceCreate() {
      return true;
    }

    @Override
    protected boolean supportsEmptyNamespace() {
      return true;
    }
  }
}
