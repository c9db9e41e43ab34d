package dev.kelda.connector.iceberg;

import dev.kelda.connector.iceberg.RowsTable.Numbered;
import dev.kelda.connector.iceberg.RowsTable.Reserved;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.RowChange;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileContent;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.TableUtil;
import org.apache.iceberg.deletes.PositionDeleteIndex;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.expressions.StrictMetricsEvaluator;

/** A pending change of single rows, copy-on-write or merge-on-read. */
final class IcebergChange implements RowChange {
  private final String name;
  private final IcebergTable base;
  private final IcebergTable.Changes changes;
  private final Map<String, String> summary;
  private final Isolation isolation;
  private final DataFolder folder;
  private final boolean lineage;
  private final WriteTarget target;
  private final ChangedFiles files = new ChangedFiles();
  private final TakenRows taken;
  private final List<DataFile> removed = new ArrayList<>();
  private final Map<FileScanTask, PositionDeleteIndex> partly = new LinkedHashMap<>();
  private final PositionDeletes deletes;
  private final Set<String> droppedLocations = new HashSet<>();
  private Expression read = Expressions.alwaysFalse();
  private List<String> deleteFiles = List.of();

  IcebergChange(
      String name,
      IcebergTable base,
      IcebergTable.Changes changes,
      Kind kind,
      Map<String, String> summary) {
    this.name = name;
    this.summary = summary;
    this.base = base;
    this.changes = changes;
    int version = TableUtil.formatVersion(base.iceberg());
    this.isolation = Isolation.of(kind, base.iceberg().properties(), version);
    this.lineage = version >= 3;
    this.folder = new DataFolder(name, base.iceberg());
    this.deletes = new PositionDeletes(base.iceberg(), folder);
    this.taken = new TakenRows(name);
    this.target = target("", kind, List.of(Reserved.ROW_ID));
  }

  private WriteTarget target(String suffix, Kind kind, List<Reserved> ofVersion3) {
    List<Reserved> carried = lineage ? ofVersion3 : List.of();
    Layout layout = kind == Kind.DELETE ? Layout.NONE : WriteLayouts.of(base.iceberg());
    return folder.target(suffix, layout, carried);
  }

  @Override
  public Table rows() {
    List<Reserved> reserved = new ArrayList<>(lineage ? List.of(Reserved.ROW_ID) : List.of());
    reserved.addAll(List.of(Reserved.FILE, Reserved.POSITION));
    return new RowsTable(base, reserved, this::toRead);
  }

  @Override
  public int carried() {
    return lineage ? 1 : 0;
  }

  @Override
  public WriteTarget target() {
    return target;
  }

  private List<Numbered> toRead(List<Predicate> conjuncts) {
    return IcebergErrors.translating(
        name,
        () -> {
          Expression filter = Filters.expression(base.icebergSchema(), conjuncts);
          read = Expressions.or(read, filter);
          List<Numbered> all = new ArrayList<>();
          for (FileScanTask task : base.planner().tasks(filter)) {
            if (!droppedLocations.contains(task.file().location())) {
              all.add(new Numbered(files.number(task), base.planner().dataFile(task)));
            }
          }
          return all;
        });
  }

  @Override
  public void alsoReads(List<Predicate> conjuncts) {
    read = Expressions.or(read, Filters.expression(base.icebergSchema(), conjuncts));
  }

  @Override
  public long dropFiles(List<Predicate> conjuncts) {
    Optional<Expression> exact = Filters.exact(base.icebergSchema(), conjuncts);
    return exact.isEmpty() ? 0 : IcebergErrors.translating(name, () -> drop(exact.get()));
  }

  private long drop(Expression condition) {
    StrictMetricsEvaluator metrics =
        new StrictMetricsEvaluator(base.icebergSchema(), condition, true);
    read = Expressions.or(read, condition);
    long rows = 0;
    for (FileScanTask task : base.planner().tasks(condition)) {
      Optional<Long> live = liveRows(task);
      boolean all =
          metrics.eval(task.file())
              || base.planner().residual(task, condition).op() == Expression.Operation.TRUE;
      if (live.isPresent() && all) {
        removed.add(task.file());
        droppedLocations.add(task.file().location());
        rows += live.get();
      }
    }
    return rows;
  }

  /** Empty when the file must be read to know. */
  private static Optional<Long> liveRows(FileScanTask task) {
    boolean known =
        task.deletes().stream()
            .allMatch(
                d ->
                    d.content() == FileContent.POSITION_DELETES && d.format() == FileFormat.PUFFIN);
    long gone = task.deletes().stream().mapToLong(d -> d.recordCount()).sum();
    return known ? Optional.of(task.file().recordCount() - gone) : Optional.empty();
  }

  @Override
  public void takeOut(int file, long[] positions) {
    taken.add(file, positions);
  }

  @Override
  public List<Rewrite> remaining() {
    List<Rewrite> rewrites = new ArrayList<>();
    List<Numbered> rest = new ArrayList<>();
    taken
        .byFile()
        .forEach(
            (number, rows) -> {
              FileScanTask task = files.task(number);
              if (rows.cardinality() == task.file().recordCount()) {
                removed.add(task.file());
              } else if (keepsFile(task)) {
                partly.put(task, rows);
              } else {
                removed.add(task.file());
                rest.add(new Numbered(number, without(base.planner().dataFile(task), rows)));
              }
            });
    if (!rest.isEmpty()) {
      List<Reserved> kept = List.of(Reserved.ROW_ID, Reserved.LAST_UPDATED);
      List<Reserved> reserved = new ArrayList<>(lineage ? kept : List.of());
      reserved.addAll(List.of(Reserved.FILE, Reserved.POSITION));
      rewrites.add(
          new Rewrite(
              new RowsTable(base, reserved, conjuncts -> rest),
              target("-rest", Kind.UPDATE, kept)));
    }
    if (!lineage) {
      rewrites.addAll(deletes.rewrites(partly));
    }
    return rewrites;
  }

  // In v3 a file with position deletes of v2 is replaced: a vector would have to hold them.
  private boolean keepsFile(FileScanTask task) {
    boolean old =
        task.deletes().stream()
            .anyMatch(
                d ->
                    d.content() == FileContent.POSITION_DELETES && d.format() != FileFormat.PUFFIN);
    return isolation.mergeOnRead() && !(lineage && old);
  }

  private static Scan.DataFile without(Scan.DataFile file, PositionDeleteIndex rows) {
    List<Scan.DeleteFile> deletes = new ArrayList<>(file.deletes());
    deletes.add(Scan.DeleteFile.inline(TakenRows.blob(rows)));
    return new Scan.DataFile(
        file.path(),
        file.bytes(),
        file.rows(),
        file.statistics(),
        file.constants(),
        deletes,
        file.dataSequenceNumber(),
        file.firstRowId());
  }

  @Override
  public void commit(List<WrittenFile> written) {
    List<DataFile> added =
        folder.dataFiles(
            written.stream().filter(file -> !deletes.isOurs(file)).toList(),
            base.iceberg().sortOrder());
    if (added.isEmpty() && removed.isEmpty() && partly.isEmpty() && summary.isEmpty()) {
      return;
    }
    Publication publication = partly.isEmpty() ? replace() : delta(written);
    new CommitGuard(name, publication, folder.id(), changes.lane()).commit(added);
  }

  private Publication replace() {
    return new Publication.Replace(
        changes.reload(), base.snapshotId(), removed, read, isolation.serializable(), summary);
  }

  private Publication delta(List<WrittenFile> written) {
    PositionDeletes.Written files =
        IcebergErrors.translating(
            name, () -> lineage ? deletes.vectors(partly) : deletes.written(written));
    deleteFiles = files.locations();
    return new Publication.Delta(
        changes.reload(),
        base.snapshotId(),
        removed,
        files,
        partly.keySet().stream().map(task -> task.file().location()).toList(),
        read,
        isolation.serializable(),
        summary);
  }

  @Override
  public void abort(List<WrittenFile> written) {
    List<String> all = new ArrayList<>(written.stream().map(WrittenFile::path).toList());
    all.addAll(deleteFiles);
    folder.remove(all);
  }
}
