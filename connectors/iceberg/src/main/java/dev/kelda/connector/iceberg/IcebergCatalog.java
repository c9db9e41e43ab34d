package dev.kelda.connector.iceberg;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.Closeable;
import java.util.Optional;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.Table;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.catalog.ViewCatalog;
import org.apache.iceberg.exceptions.NoSuchTableException;

/**
 * An open catalog of any kind, and what goes with it.
 *
 * @param name the catalog's name within itself
 * @param tables the same object as {@code views} and {@code namespaces}
 * @param pointers a faster way to see whether a table has changed; empty when there is none
 * @param folders who says where a new table or view lies
 * @param metadata with the way to files that no table of the catalog has given one to
 * @param connection closed at the end
 */
record IcebergCatalog(
    String name,
    Catalog tables,
    ViewCatalog views,
    SupportsNamespaces namespaces,
    Optional<TablePointers> pointers,
    Folders folders,
    Locations locations,
    MetadataFiles metadata,
    CommitQueue queue,
    Closeable connection) {
  enum Folders {
    CHOSEN_HERE,
    CHOSEN_BY_CATALOG
  }

  IcebergCatalog {
    requireNonNull(name, "name is null");
    requireNonNull(tables, "tables is null");
    requireNonNull(views, "views is null");
    requireNonNull(namespaces, "namespaces is null");
    requireNonNull(pointers, "pointers is null");
    requireNonNull(folders, "folders is null");
    requireNonNull(locations, "locations is null");
    requireNonNull(metadata, "metadata is null");
    requireNonNull(queue, "queue is null");
    requireNonNull(connection, "connection is null");
  }

  /** Where a new table or view of that name is to be; empty when it is not for us to say. */
  Optional<String> newFolder(String schema, String name) {
    return folders == Folders.CHOSEN_BY_CATALOG || exists(schema, name)
        ? Optional.empty()
        : Optional.of(locations.newFolder(schema, name, metadata.io()));
  }

  static TableIdentifier identifier(String schema, String name) {
    return TableIdentifier.of(Namespace.of(schema), name);
  }

  /**
   * A table's state of now, for changes.
   *
   * @throws NoSuchTableException when there is none
   * @throws KeldaException ACCESS_DENIED when its files lie outside the catalog's locations
   */
  Table load(String schema, String name) {
    Table table = tables.loadTable(identifier(schema, name));
    locations.checkTable(table.location(), table.properties());
    return table;
  }

  /**
   * As {@link #load}, for reading only: cheaper where the newest state is known.
   *
   * @throws NoSuchTableException, KeldaException as of {@link #load}
   */
  Table look(String schema, String name) {
    if (pointers.isEmpty()) {
      return load(schema, name);
    }
    TableIdentifier id = identifier(schema, name);
    TablePointers.Pointer pointer =
        pointers
            .get()
            .find(schema, name)
            .filter(found -> !found.view())
            .orElseThrow(() -> new NoSuchTableException("Table does not exist: %s", id));
    Table table = metadata.table(pointer.location(), id.toString());
    locations.checkTable(table.location(), table.properties());
    return table;
  }

  /**
   * Fails at once where loading would try for minutes: for what is not planned on the table, which
   * reads it before. Silent when there is no such table or view.
   *
   * @throws KeldaException ACCESS_DENIED, FILE_NOT_FOUND; INVALID_FILE for a damaged metadata file
   */
  void requireReadable(String schema, String name) {
    pointers
        .flatMap(known -> known.find(schema, name))
        .ifPresent(pointer -> metadata.require(pointer, schema + "." + name));
  }

  Publication.Reload reload(String schema, String name) {
    TableIdentifier id = identifier(schema, name);
    return new Publication.Reload() {
      @Override
      public Optional<Table> get() {
        try {
          return Optional.of(tables.loadTable(id));
        } catch (NoSuchTableException e) {
          return Optional.empty();
        }
      }

      @Override
      public void changed(Table table) {
        if (pointers.isPresent()) {
          metadata.wrote(id.toString(), (BaseTable) table);
        }
      }
    };
  }

  /** A table or view of that name. */
  boolean exists(String schema, String name) {
    return pointers.isPresent()
        ? pointers.get().find(schema, name).isPresent()
        : tables.tableExists(identifier(schema, name))
            || views.viewExists(identifier(schema, name));
  }

  IcebergTable.Changes changes(String schema, String name) {
    return new IcebergTable.Changes(reload(schema, name), lane(schema, name));
  }

  CommitQueue.Lane lane(String schema, String name) {
    return queue.of(identifier(schema, name));
  }

  /**
   * @throws KeldaException SCHEMA_NOT_FOUND
   */
  void requireSchema(String schema) {
    boolean exists =
        IcebergErrors.translating(schema, () -> namespaces.namespaceExists(Namespace.of(schema)));
    if (!exists) {
      throw new KeldaException(ErrorCode.SCHEMA_NOT_FOUND, "no schema \"" + schema + "\"");
    }
  }
}
