package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Procedure;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;

/** {@link Maintained} of one catalog. */
record CatalogMaintenance(IcebergCatalog catalog) implements Maintained {
  @Override
  public Table load(Procedure.TableName name) {
    catalog.requireReadable(name.schema(), name.name());
    return catalog.load(name.schema(), name.name());
  }

  @Override
  public IcebergTable.Changes changes(Procedure.TableName name) {
    return catalog.changes(name.schema(), name.name());
  }

  @Override
  public Table register(Procedure.TableName table, String metadataFile) {
    catalog.requireSchema(table.schema());
    Names.check("table", table.name());
    locations().requireReadable(metadataFile);
    TableMetadata metadata =
        catalog.metadata().table(metadataFile, table.toString()).operations().current();
    locations().checkTable(metadata.location(), metadata.properties());
    String file = Locations.url(metadataFile);
    if (!file.startsWith(Locations.url(metadata.location()) + "/")) {
      throw new KeldaException(
          ErrorCode.ACCESS_DENIED,
          "'" + file + "' is outside the location of its table, " + metadata.location());
    }
    return catalog
        .tables()
        .registerTable(IcebergCatalog.identifier(table.schema(), table.name()), metadataFile);
  }

  @Override
  public List<String> locationsOfOthers(Table table) {
    return catalog.namespaces().listNamespaces().stream()
        .flatMap(namespace -> catalog.tables().listTables(namespace).stream())
        .map(id -> load(new Procedure.TableName(id.namespace().level(0), id.name())))
        .filter(other -> !other.uuid().equals(table.uuid()))
        .map(Table::location)
        .toList();
  }

  @Override
  public Locations locations() {
    return catalog.locations();
  }
}
