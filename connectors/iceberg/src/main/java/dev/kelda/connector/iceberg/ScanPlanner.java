package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileContent;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.PartitionField;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableScan;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.ResidualEvaluator;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

/**
 * Lists the files of one snapshot that conjuncts cannot rule out, with all the native reader needs.
 */
final class ScanPlanner {
  private final String name;
  private final Table table;
  private final Optional<Snapshot> snapshot;
  private final Schema schema;
  private final Locations locations;
  private final Memo<List<Scan.ColumnSource>> columns;

  ScanPlanner(
      String name, Table table, Optional<Snapshot> snapshot, Schema schema, Locations locations) {
    this.name = name;
    this.table = table;
    this.snapshot = snapshot;
    this.schema = schema;
    this.locations = locations;
    this.columns = new Memo<>(() -> ColumnSources.of(schema, table.properties()));
  }

  Scan.Files plan(List<Predicate> conjuncts) {
    return files(tasks(Filters.expression(schema, conjuncts)));
  }

  /** The files of tasks that were planned elsewhere. */
  Scan.Files files(List<FileScanTask> tasks) {
    List<Scan.DataFile> files = new ArrayList<>();
    for (FileScanTask task : tasks) {
      files.add(dataFile(task));
    }
    files.sort(
        Comparator.comparingLong(Scan.DataFile::dataSequenceNumber)
            .thenComparing(Scan.DataFile::path));
    return new Scan.Files(
        Scan.FileFormat.PARQUET, Scan.FormatOptions.DEFAULT, true, columns.get(), files);
  }

  /** The whole-file tasks of the snapshot with column bounds. */
  List<FileScanTask> tasks(Expression filter) {
    if (snapshot.isEmpty()) {
      return List.of();
    }
    TableScan scan = table.newScan().includeColumnStats().ignoreResiduals().filter(filter);
    boolean current =
        table.currentSnapshot() != null
            && table.currentSnapshot().snapshotId() == snapshot.get().snapshotId();
    // useSnapshot would read with the schema of the time of writing; only time travel wants that.
    TableScan pinned = current ? scan : scan.useSnapshot(snapshot.get().snapshotId());
    try (CloseableIterable<FileScanTask> tasks =
        ManifestWorkers.planned(pinned, table, snapshot.get()).planFiles()) {
      List<FileScanTask> list = new ArrayList<>();
      tasks.forEach(list::add);
      return list;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<Scan.ColumnSource> columns() {
    return columns.get();
  }

  /** What is left of a condition for rows of the task's partition. */
  Expression residual(FileScanTask task, Expression condition) {
    return ResidualEvaluator.of(task.spec(), condition, true).residualFor(task.file().partition());
  }

  Scan.DataFile dataFile(FileScanTask task) {
    DataFile file = task.file();
    if (file.format() != FileFormat.PARQUET) {
      throw notSupported(file.location(), file.format() + " data file");
    }
    locations.requireReadable(file.location());
    long sequence = Optional.ofNullable(file.dataSequenceNumber()).orElse(0L);
    return new Scan.DataFile(
        file.location(),
        file.fileSizeInBytes(),
        file.recordCount(),
        statistics(file),
        constants(task.spec(), file.partition()),
        task.deletes().stream().map(this::deleteFile).toList(),
        sequence,
        Optional.ofNullable(file.firstRowId()).orElse(-1L));
  }

  private Map<Integer, Scan.FileColumnStatistics> statistics(DataFile file) {
    Map<Integer, Scan.FileColumnStatistics> statistics = new HashMap<>();
    for (int column = 0; column < schema.columns().size(); column++) {
      Types.NestedField field = schema.columns().get(column);
      Type type = field.type();
      long nulls = number(file.nullValueCounts(), field.fieldId());
      Optional<Scalar> min = Values.bound(type, buffer(file.lowerBounds(), field.fieldId()));
      Optional<Scalar> max = Values.bound(type, buffer(file.upperBounds(), field.fieldId()));
      boolean floating = type instanceof Types.FloatType || type instanceof Types.DoubleType;
      if (floating && number(file.nanValueCounts(), field.fieldId()) != 0) {
        // NaN is the greatest value here, but bounds leave it out.
        max = Optional.empty();
      }
      boolean exact =
          !(floating || type instanceof Types.StringType || type instanceof Types.BinaryType);
      if (nulls >= 0 || min.isPresent() || max.isPresent()) {
        statistics.put(column, new Scan.FileColumnStatistics(nulls, min, max, exact));
      }
    }
    return statistics;
  }

  private static long number(Map<Integer, Long> map, int fieldId) {
    return map == null ? -1 : map.getOrDefault(fieldId, -1L);
  }

  private static ByteBuffer buffer(Map<Integer, ByteBuffer> map, int fieldId) {
    return map == null ? null : map.get(fieldId);
  }

  private Map<Integer, Scalar> constants(PartitionSpec spec, StructLike partition) {
    Map<Integer, Scalar> constants = new HashMap<>();
    for (int i = 0; i < spec.fields().size(); i++) {
      PartitionField field = spec.fields().get(i);
      Types.NestedField source = schema.asStruct().field(field.sourceId());
      if (field.transform().isIdentity() && source != null) {
        Object value = partition.get(i, Object.class);
        constants.put(schema.columns().indexOf(source), Values.scalar(source.type(), value));
      }
    }
    return constants;
  }

  private Scan.DeleteFile deleteFile(DeleteFile file) {
    boolean vector = file.format() == FileFormat.PUFFIN;
    if (!vector && file.format() != FileFormat.PARQUET) {
      throw notSupported(file.location(), file.format() + " delete file");
    }
    locations.requireReadable(file.location());
    Scan.DeleteFile.Kind kind =
        file.content() == FileContent.EQUALITY_DELETES
            ? Scan.DeleteFile.Kind.EQUALITY
            : vector ? Scan.DeleteFile.Kind.DELETION_VECTOR : Scan.DeleteFile.Kind.POSITION;
    return new Scan.DeleteFile(
        kind,
        file.location(),
        file.fileSizeInBytes(),
        Scan.FileFormat.PARQUET,
        Optional.ofNullable(file.contentOffset()).orElse(0L),
        Optional.ofNullable(file.contentSizeInBytes()).orElse(0L),
        Optional.ofNullable(file.equalityFieldIds()).orElse(List.of()),
        Optional.ofNullable(file.dataSequenceNumber()).orElse(0L),
        new byte[0]);
  }

  private KeldaException notSupported(String location, String what) {
    return new KeldaException(
        ErrorCode.NOT_SUPPORTED,
        "table " + name + " has an " + what + " (" + location + "); only Parquet is read");
  }
}
