package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.TableChange;
import dev.kelda.spi.connector.TableDefinition;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.NotFoundException;

/** Tables made, altered, renamed and dropped. */
final class TableDefinitions {
  private final IcebergCatalog catalog;

  TableDefinitions(IcebergCatalog catalog) {
    this.catalog = catalog;
  }

  void create(String schema, String name, TableDefinition definition) {
    IcebergErrors.translating(
        schema + "." + name, () -> builder(schema, name, definition).create());
  }

  /** What makes the table, or a transaction that will. */
  Catalog.TableBuilder builder(String schema, String name, TableDefinition definition) {
    catalog.requireSchema(schema);
    Names.check("table", name);
    Map<String, String> properties = new HashMap<>(definition.properties());
    Optional<String> location =
        Optional.ofNullable(properties.remove("location"))
            .or(() -> catalog.newFolder(schema, name));
    boolean version3 = needsVersion3(definition);
    properties.putIfAbsent(TableProperties.FORMAT_VERSION, version3 ? "3" : "2");
    checkVersion(properties.get(TableProperties.FORMAT_VERSION), version3);
    location.ifPresent(catalog.locations()::requireInWarehouse);
    catalog.locations().checkProperties(properties);
    Schema columns = IcebergTypes.toIceberg(definition.columns(), definition.defaults());
    Catalog.TableBuilder builder =
        catalog
            .tables()
            .buildTable(IcebergCatalog.identifier(schema, name), columns)
            .withPartitionSpec(Layouts.spec(columns, definition.partitioning()))
            .withSortOrder(Layouts.sortOrder(columns, definition.sortOrder()))
            .withProperties(properties);
    return location.map(builder::withLocation).orElse(builder);
  }

  private static void checkVersion(String version, boolean needs3) {
    if (!version.equals("3") && (needs3 || !version.equals("2"))) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          TableProperties.FORMAT_VERSION
              + " = "
              + version
              + (needs3 ? ": DEFAULT and TIMESTAMP(9) need version 3" : ": use 2 or 3"));
    }
  }

  private static boolean needsVersion3(TableDefinition definition) {
    return !definition.defaults().isEmpty()
        || definition.columns().getFields().stream().anyMatch(IcebergTypes::needsVersion3);
  }

  void alter(String schema, String name, List<TableChange> changes) {
    IcebergErrors.translating(
        schema + "." + name,
        () ->
            catalog
                .lane(schema, name)
                .take(
                    () -> {
                      catalog.requireReadable(schema, name);
                      Table table = catalog.load(schema, name);
                      Transaction transaction = table.newTransaction();
                      TableChanges definition =
                          new TableChanges(table, transaction, catalog.locations());
                      changes.forEach(definition::apply);
                      transaction.commitTransaction();
                    }));
  }

  void rename(String schema, String name, String newSchema, String newName) {
    Names.check("table", newName);
    IcebergErrors.translating(
        schema + "." + name,
        () ->
            catalog
                .tables()
                .renameTable(
                    IcebergCatalog.identifier(schema, name),
                    IcebergCatalog.identifier(newSchema, newName)));
  }

  void drop(String schema, String name) {
    IcebergErrors.translating(
        schema + "." + name, () -> drop(IcebergCatalog.identifier(schema, name)));
  }

  private void drop(TableIdentifier id) {
    Optional<String> location = location(id);
    boolean dropped = catalog.tables().dropTable(id, location.isPresent());
    if (!dropped) {
      throw new KeldaException(ErrorCode.TABLE_NOT_FOUND, "no table " + id);
    }
    location.ifPresent(folder -> EmptyFolders.delete(folder, catalog.locations()));
  }

  /**
   * Empty when the metadata file is gone or damaged: nobody can say which files are the table's.
   */
  private Optional<String> location(TableIdentifier id) {
    try {
      catalog.requireReadable(id.namespace().level(0), id.name());
      return Optional.of(catalog.tables().loadTable(id).location());
    } catch (NotFoundException gone) {
      return Optional.empty();
    } catch (KeldaException e) {
      if (e.code() == ErrorCode.FILE_NOT_FOUND || e.code() == ErrorCode.INVALID_FILE) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
