package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.ChangeableTable;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.RowChange;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.SnapshotTable;
import dev.kelda.spi.connector.TableDefinition;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableStatistics;
import dev.kelda.spi.connector.Timeline;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.util.SnapshotUtil;

/**
 * A table pinned to one snapshot. The Iceberg table behind it is never refreshed, so everything is
 * computed once and kept.
 */
final class IcebergTable implements ChangeableTable, SnapshotTable {
  private static final int KEPT_SCANS = 64;
  private static final int KEPT_SCAN_FILES = 10_000;

  private final String name;
  private final org.apache.iceberg.Table table;
  private final Optional<Snapshot> snapshot;
  private final Schema schema;
  private final String version;
  private final org.apache.iceberg.Schema icebergSchema;
  private final Locations locations;
  private final Publication.Reload reload;
  private final ScanPlanner planner;
  private final Supplier<TableStatistics> statistics;
  private final Map<List<Predicate>, Scan.Files> scans = new ConcurrentHashMap<>();

  /**
   * @param snapshot what is read; empty for a table without rows
   * @param icebergSchema the schema to read it with
   * @param reload loads the table of now, for changes
   */
  IcebergTable(
      String name,
      org.apache.iceberg.Table table,
      Optional<Snapshot> snapshot,
      org.apache.iceberg.Schema icebergSchema,
      String metadataLocation,
      Locations locations,
      Publication.Reload reload) {
    this.icebergSchema = icebergSchema;
    this.locations = locations;
    this.reload = reload;
    this.name = name;
    this.table = table;
    this.snapshot = snapshot;
    this.schema = IcebergTypes.toArrow(name, icebergSchema);
    this.version =
        metadataLocation + "#" + snapshot.map(s -> Long.toString(s.snapshotId())).orElse("empty");
    this.planner = new ScanPlanner(name, table, snapshot, icebergSchema, locations);
    this.statistics = new Memo<>(() -> Statistics.of(table, snapshot, icebergSchema, planner));
  }

  @Override
  public Schema schema() {
    return schema;
  }

  @Override
  public TableKind kind() {
    return TableKind.TABLE;
  }

  @Override
  public TableStatistics statistics() {
    return IcebergErrors.translating(name, statistics);
  }

  @Override
  public Optional<String> partOf() {
    return Optional.ofNullable(table.properties().get(TableDefinition.PART_OF));
  }

  @Override
  public Optional<Timeline> timeline() {
    return Timelines.of(name, table.properties());
  }

  @Override
  public String version() {
    return version;
  }

  @Override
  public Map<Integer, Scalar> defaults() {
    Map<Integer, Scalar> defaults = new HashMap<>();
    List<Types.NestedField> columns = icebergSchema.columns();
    for (int i = 0; i < columns.size(); i++) {
      Types.NestedField column = columns.get(i);
      if (column.writeDefault() != null) {
        defaults.put(i, Values.scalar(column.type(), column.writeDefault()));
      }
    }
    return defaults;
  }

  @Override
  public Scan scan(List<Predicate> conjuncts) {
    List<Predicate> key = List.copyOf(conjuncts);
    Scan.Files known = scans.get(key);
    if (known != null) {
      return known;
    }
    Scan.Files planned = IcebergErrors.translating(name, () -> planner.plan(key));
    if (planned.files().size() <= KEPT_SCAN_FILES) {
      if (scans.size() >= KEPT_SCANS) {
        scans.clear();
      }
      scans.put(key, planned);
    }
    return planned;
  }

  /** The Iceberg table, for its metadata tables. */
  org.apache.iceberg.Table iceberg() {
    return table;
  }

  org.apache.iceberg.Schema icebergSchema() {
    return icebergSchema;
  }

  ScanPlanner planner() {
    return planner;
  }

  @Override
  public Optional<Long> snapshotId() {
    return snapshot.map(Snapshot::snapshotId);
  }

  @Override
  public Optional<Long> parentId() {
    return snapshot.map(Snapshot::parentId);
  }

  @Override
  public Optional<String> summary(String key) {
    if (snapshot.isEmpty()) {
      return Optional.empty();
    }
    for (Snapshot ancestor :
        SnapshotUtil.ancestorsOf(snapshot.get().snapshotId(), table::snapshot)) {
      String value = ancestor.summary().get(key);
      if (value != null) {
        return Optional.of(value);
      }
    }
    return Optional.empty();
  }

  @Override
  public RowChange change(RowChange.Kind kind) {
    locations.checkTable(table.location(), table.properties());
    return IcebergErrors.translating(name, () -> new IcebergChange(name, this, reload, kind));
  }

  @Override
  public String toString() {
    return name + "@" + snapshot.map(Snapshot::snapshotId).orElse(-1L);
  }
}
