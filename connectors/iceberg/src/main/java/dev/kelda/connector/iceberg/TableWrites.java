package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableDefinition;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.catalog.Catalog;

/** Starts what puts rows into tables, or takes all of them out. */
final class TableWrites {
  private final IcebergCatalog catalog;
  private final TableDefinitions definitions;

  TableWrites(IcebergCatalog catalog, TableDefinitions definitions) {
    this.catalog = catalog;
    this.definitions = definitions;
  }

  /**
   * @param summary further entries of the snapshot's summary
   */
  TableWrite append(String schema, String name, Map<String, String> summary) {
    return write(
        schema,
        name,
        table ->
            new Publication.Append(
                catalog.reload(schema, name), table.uuid(), SnapshotRef.MAIN_BRANCH, summary));
  }

  TableWrite appendToBranch(String schema, String name, String branch) {
    return write(
        schema,
        name,
        table -> {
          SnapshotRef ref = table.refs().get(branch);
          if (ref == null || !ref.isBranch()) {
            throw new KeldaException(
                ErrorCode.INVALID_ARGUMENT,
                "table %s.%s has no branch \"%s\"".formatted(schema, name, branch));
          }
          return new Publication.Append(
              catalog.reload(schema, name), table.uuid(), branch, Map.of());
        });
  }

  /**
   * @param read the table as the statement saw it
   */
  TableWrite overwrite(String schema, String name, Table read, Map<String, String> summary) {
    Optional<Long> snapshot =
        read instanceof IcebergTable known ? known.snapshotId() : Optional.empty();
    return write(
        schema,
        name,
        table -> new Publication.Overwrite(catalog.reload(schema, name), snapshot, summary));
  }

  private interface Publishing {
    Publication of(org.apache.iceberg.Table table);
  }

  private TableWrite write(String schema, String name, Publishing publishing) {
    String full = schema + "." + name;
    return IcebergErrors.translating(
        full,
        () -> {
          org.apache.iceberg.Table table = catalog.look(schema, name);
          return new IcebergWrite(full, table, publishing.of(table), catalog.lane(schema, name));
        });
  }

  /** A table that appears with its rows. */
  TableWrite create(String schema, String name, TableDefinition definition, boolean replace) {
    String full = schema + "." + name;
    return IcebergErrors.translating(
        full,
        () -> {
          Catalog.TableBuilder builder = definitions.builder(schema, name, definition);
          if (!replace && catalog.exists(schema, name)) {
            throw new KeldaException(ErrorCode.TABLE_EXISTS, full + " already exists");
          }
          catalog.requireReadable(schema, name);
          Transaction transaction =
              replace ? builder.createOrReplaceTransaction() : builder.createTransaction();
          org.apache.iceberg.Table table = transaction.table();
          catalog.locations().checkTable(table.location(), table.properties());
          return new IcebergWrite(
              full,
              table,
              new Publication.Create(transaction, catalog.reload(schema, name)),
              catalog.lane(schema, name));
        });
  }

  void truncate(String schema, String name) {
    String full = schema + "." + name;
    IcebergErrors.translating(full, () -> catalog.load(schema, name));
    new CommitGuard(
            full,
            new Publication.Truncate(catalog.reload(schema, name)),
            UUID.randomUUID().toString(),
            catalog.lane(schema, name))
        .commit(List.of());
  }
}
