package dev.kelda.connector.iceberg;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TimeTravelConnector.Moment;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.Locale;
import java.util.Optional;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.exceptions.NoSuchViewException;
import org.apache.iceberg.util.SnapshotUtil;

/** Tables and views for reading; one that has not changed since it was loaded is kept. */
final class TableLoader {
  private static final int KEPT_TABLES = 500;

  private final IcebergCatalog catalog;
  private final Cache<TableIdentifier, Loaded> loaded =
      Caffeine.newBuilder().maximumSize(KEPT_TABLES).build();

  private record Loaded(String metadataLocation, Table table) {}

  TableLoader(IcebergCatalog catalog) {
    this.catalog = catalog;
  }

  /** A table, a view, a metadata table such as {@code t$files}, or {@code t$rows}. */
  Optional<Table> load(String schema, String name) {
    Optional<Table> exact = exact(schema, name);
    if (exact.isPresent()) {
      return exact;
    }
    boolean rows = name.toLowerCase(Locale.ROOT).endsWith(RowsWithOrigin.SUFFIX);
    if (rows && name.length() > RowsWithOrigin.SUFFIX.length()) {
      String base = name.substring(0, name.length() - RowsWithOrigin.SUFFIX.length());
      return table(schema, base).map(RowsWithOrigin::new);
    }
    return MetadataTable.split(name)
        .flatMap(
            split ->
                table(schema, split.table())
                    .map(base -> MetadataTable.of(schema + "." + name, base, split.type())));
  }

  void forget(TableIdentifier id) {
    loaded.invalidate(id);
  }

  private Optional<IcebergTable> table(String schema, String name) {
    return exact(schema, name).filter(IcebergTable.class::isInstance).map(IcebergTable.class::cast);
  }

  private Optional<Table> exact(String schema, String name) {
    TableIdentifier id = IcebergCatalog.identifier(schema, name);
    return IcebergErrors.translating(
        schema + "." + name,
        () ->
            catalog.pointers().isPresent()
                ? byPointer(id, catalog.pointers().get())
                : byLoading(id).map(Loaded::table));
  }

  private Optional<Table> byPointer(TableIdentifier id, TablePointers pointers) {
    Optional<TablePointers.Pointer> pointer = pointers.find(id.namespace().level(0), id.name());
    if (pointer.isEmpty()) {
      return Optional.empty();
    }
    Loaded known = loaded.getIfPresent(id);
    if (known != null && known.metadataLocation().equals(pointer.get().location())) {
      return Optional.of(known.table());
    }
    Optional<Loaded> fresh;
    if (pointer.get().view()) {
      catalog.metadata().require(pointer.get(), id.toString());
      fresh = view(id);
    } else {
      String location = pointer.get().location();
      fresh = Optional.of(loaded(id, catalog.metadata().table(location, id.toString())));
    }
    fresh.ifPresent(table -> loaded.put(id, table));
    return fresh.map(Loaded::table);
  }

  // What was computed of a table that is still the same is kept, though it was loaded again.
  private Optional<Loaded> byLoading(TableIdentifier id) {
    Optional<Loaded> fresh = table(id).or(() -> view(id));
    return fresh.map(
        now ->
            loaded
                .asMap()
                .merge(
                    id,
                    now,
                    (old, same) ->
                        old.metadataLocation().equals(same.metadataLocation()) ? old : same));
  }

  private Optional<Loaded> view(TableIdentifier id) {
    try {
      IcebergView view =
          IcebergView.of(
              id.toString(), catalog.views().loadView(id), catalog.name(), id.namespace().level(0));
      return Optional.of(new Loaded(view.version(), view));
    } catch (NoSuchViewException e) {
      return Optional.empty();
    }
  }

  private Optional<Loaded> table(TableIdentifier id) {
    try {
      return Optional.of(loaded(id, (BaseTable) catalog.tables().loadTable(id)));
    } catch (NoSuchTableException e) {
      return Optional.empty();
    }
  }

  private Loaded loaded(TableIdentifier id, BaseTable table) {
    String location = table.operations().current().metadataFileLocation();
    return new Loaded(
        location,
        new IcebergTable(
            id.toString(),
            table,
            Optional.ofNullable(table.currentSnapshot()),
            table.schema(),
            location,
            catalog.locations(),
            Optional.of(catalog.changes(id.namespace().level(0), id.name()))));
  }

  /** The table at a moment of its past; empty when there is no such table. */
  Optional<Table> asOf(String schema, String name, Moment moment) {
    TableIdentifier id = IcebergCatalog.identifier(schema, name);
    return table(schema, name)
        .map(
            table ->
                IcebergErrors.translating(
                    id.toString(), () -> asOf(id, (BaseTable) table.iceberg(), moment)));
  }

  private Table asOf(TableIdentifier id, BaseTable table, Moment moment) {
    Optional<Snapshot> snapshot =
        switch (moment) {
          case Moment.At at -> {
            Long known =
                SnapshotUtil.nullableSnapshotIdAsOfTime(table, at.instant().toEpochMilli());
            yield Optional.ofNullable(known).map(table::snapshot);
          }
          case Moment.Snapshot version -> Optional.ofNullable(table.snapshot(version.id()));
          case Moment.Ref ref -> {
            SnapshotRef named = table.refs().get(ref.name());
            yield Optional.ofNullable(named).map(r -> table.snapshot(r.snapshotId()));
          }
        };
    if (snapshot.isEmpty()) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "table " + id + " has no " + text(moment));
    }
    // A branch is read with the table's schema, as it can be written to with it.
    boolean branch = moment instanceof Moment.Ref ref && table.refs().get(ref.name()).isBranch();
    org.apache.iceberg.Schema schema =
        branch ? table.schema() : SnapshotUtil.schemaFor(table, snapshot.get().snapshotId());
    String location = table.operations().current().metadataFileLocation();
    return new IcebergTable(
        id.toString(),
        table,
        snapshot,
        schema,
        location + "@",
        catalog.locations(),
        Optional.empty());
  }

  private static String text(Moment moment) {
    return switch (moment) {
      case Moment.At at -> "snapshot at " + at.instant() + " or before";
      case Moment.Snapshot snapshot -> "snapshot " + snapshot.id();
      case Moment.Ref ref -> "tag or branch \"" + ref.name() + "\"";
    };
  }
}
