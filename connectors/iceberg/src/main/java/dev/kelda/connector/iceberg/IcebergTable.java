package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.AddressedTable;
import dev.kelda.spi.connector.AnalyzableTable;
import dev.kelda.spi.connector.ChangeableTable;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.RowChange;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.SnapshotTable;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableDefinition;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableStatistics;
import dev.kelda.spi.connector.Timeline;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.util.SnapshotUtil;

/**
 * A table pinned to one snapshot. The Iceberg table behind it is never refreshed, so everything is
 * computed once and kept.
 */
final class IcebergTable
    implements ChangeableTable, AnalyzableTable, SnapshotTable, AddressedTable {
  private static final int KEPT_SCANS = 64;
  private static final int KEPT_SCAN_FILES = 10_000;

  private final String name;
  private final org.apache.iceberg.Table table;
  private final Optional<Snapshot> snapshot;
  private final Schema schema;
  private final String version;
  private final org.apache.iceberg.Schema icebergSchema;
  private final Locations locations;
  private final Optional<Changes> changes;
  private final ScanPlanner planner;
  private final Supplier<TableStatistics> statistics;
  private final Supplier<List<RowFile>> rowFiles;
  private final Supplier<Map<String, Integer>> fileNumbers;
  private final Map<List<Predicate>, Scan.Files> scans = new ConcurrentHashMap<>();

  /**
   * The way to the table of now.
   *
   * @param lane where its commits queue
   */
  record Changes(Publication.Reload reload, CommitQueue.Lane lane) {}

  /**
   * @param snapshot what is read; empty for a table without rows
   * @param icebergSchema the schema to read it with
   * @param changes how the table of now is changed; empty when it cannot be
   */
  IcebergTable(
      String name,
      org.apache.iceberg.Table table,
      Optional<Snapshot> snapshot,
      org.apache.iceberg.Schema icebergSchema,
      String metadataLocation,
      Locations locations,
      Optional<Changes> changes) {
    this.icebergSchema = icebergSchema;
    this.locations = locations;
    this.changes = changes;
    this.name = name;
    this.table = table;
    this.snapshot = snapshot;
    this.schema = IcebergTypes.toArrow(name, icebergSchema);
    this.version =
        metadataLocation + "#" + snapshot.map(s -> Long.toString(s.snapshotId())).orElse("empty");
    this.planner = new ScanPlanner(name, table, snapshot, icebergSchema, locations);
    this.statistics = new Memo<>(() -> Statistics.of(table, snapshot, icebergSchema, planner));
    this.rowFiles = new Memo<>(() -> AddressedRows.files(this));
    this.fileNumbers = new Memo<>(() -> AddressedRows.numbers(rowFiles.get()));
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

  @Override
  public String identity() {
    return table.uuid().toString();
  }

  @Override
  public List<RowFile> rowFiles() {
    return IcebergErrors.translating(name, rowFiles);
  }

  @Override
  public Table addressed(IntPredicate files) {
    return new AddressedRows(this, IcebergErrors.translating(name, fileNumbers), files);
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
  public Optional<Table> filesBeyond(SnapshotTable other) {
    return IcebergErrors.translating(
        name,
        () -> {
          FilesBeyond part = FilesBeyond.of(this, (IcebergTable) other);
          return part.isEmpty() ? Optional.empty() : Optional.of(part);
        });
  }

  @Override
  public RowChange change(RowChange.Kind kind, Map<String, String> summary) {
    Changes now = changes();
    return IcebergErrors.translating(name, () -> new IcebergChange(name, this, now, kind, summary));
  }

  @Override
  public List<Integer> analyzable() {
    return IntStream.range(0, icebergSchema.columns().size())
        .filter(i -> icebergSchema.columns().get(i).type().isPrimitiveType())
        .boxed()
        .toList();
  }

  @Override
  public Analysis analyze(List<Integer> columns) {
    Changes now = changes();
    return snapshot
        .<Analysis>map(
            s ->
                new DistinctSketches(
                    name,
                    table,
                    s,
                    now,
                    columns.stream().map(icebergSchema.columns()::get).toList()))
        .orElse(NOTHING_TO_COUNT);
  }

  private static final Analysis NOTHING_TO_COUNT =
      new Analysis() {
        @Override
        public void add(VectorSchemaRoot rows) {}

        @Override
        public void commit() {}
      };

  /**
   * @throws KeldaException NOT_SUPPORTED for a table of no catalog or of the past
   */
  private Changes changes() {
    locations.checkTable(table.location(), table.properties());
    return changes.orElseThrow(
        () ->
            new KeldaException(
                ErrorCode.NOT_SUPPORTED, name + " is not a table that can be changed"));
  }

  @Override
  public String toString() {
    return name + "@" + snapshot.map(Snapshot::snapshotId).orElse(-1L);
  }
}
