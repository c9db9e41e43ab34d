package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.ColumnStatistics;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.TableStatistics;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.apache.iceberg.BlobMetadata;
import org.apache.iceberg.ContentFile;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotSummary;
import org.apache.iceberg.Table;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.types.Comparators;
import org.apache.iceberg.types.Conversions;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

/** Estimates from the snapshot summary, the manifests and, for distinct values, Puffin metadata. */
final class Statistics {
  private static final int MAX_FILES = 5_000;

  private Statistics() {}

  static TableStatistics of(
      Table table, Optional<Snapshot> snapshot, Schema schema, ScanPlanner planner) {
    if (snapshot.isEmpty()) {
      return new TableStatistics(OptionalDouble.of(0), Map.of());
    }
    Map<String, String> summary = snapshot.get().summary();
    OptionalLong total = number(summary, SnapshotSummary.TOTAL_RECORDS_PROP);
    OptionalLong files = number(summary, SnapshotSummary.TOTAL_DATA_FILES_PROP);
    if (files.isPresent() && files.getAsLong() > MAX_FILES) {
      return new TableStatistics(
          total.isPresent() ? OptionalDouble.of(total.getAsLong()) : OptionalDouble.empty(),
          Map.of());
    }
    List<FileScanTask> tasks = planner.tasks(Expressions.alwaysTrue());
    double rows = tasks.stream().mapToDouble(task -> task.file().recordCount()).sum();
    double deleted =
        number(summary, SnapshotSummary.TOTAL_POS_DELETES_PROP).orElse(0)
            + number(summary, SnapshotSummary.TOTAL_EQ_DELETES_PROP).orElse(0);
    Map<Integer, Double> distinct = distinctValues(table, snapshot.get());
    Map<Integer, ColumnStatistics> columns = new HashMap<>();
    for (int i = 0; i < schema.columns().size(); i++) {
      columns.put(i, column(schema.columns().get(i), tasks, distinct));
    }
    return new TableStatistics(OptionalDouble.of(Math.max(0, rows - deleted)), columns);
  }

  private static ColumnStatistics column(
      Types.NestedField field, List<FileScanTask> tasks, Map<Integer, Double> distinct) {
    int id = field.fieldId();
    OptionalDouble ndv =
        distinct.containsKey(id) ? OptionalDouble.of(distinct.get(id)) : OptionalDouble.empty();
    if (!field.type().isPrimitiveType()) {
      return new ColumnStatistics(ndv, OptionalLong.empty(), Optional.empty(), Optional.empty());
    }
    return new ColumnStatistics(
        ndv, nulls(id, tasks), extreme(field, tasks, true), extreme(field, tasks, false));
  }

  private static OptionalLong nulls(int id, List<FileScanTask> tasks) {
    long sum = 0;
    for (FileScanTask task : tasks) {
      Map<Integer, Long> counts = task.file().nullValueCounts();
      if (counts == null || counts.get(id) == null) {
        return OptionalLong.empty();
      }
      sum += counts.get(id);
    }
    return OptionalLong.of(sum);
  }

  // The least lower or greatest upper bound; unknown as soon as one file with values has none.
  private static Optional<Scalar> extreme(
      Types.NestedField field, List<FileScanTask> tasks, boolean least) {
    Type.PrimitiveType type = field.type().asPrimitiveType();
    Comparator<Object> order = Comparators.forType(type);
    Object best = null;
    for (FileScanTask task : tasks) {
      DataFile file = task.file();
      Map<Integer, ByteBuffer> bounds = least ? file.lowerBounds() : file.upperBounds();
      ByteBuffer bound = bounds == null ? null : bounds.get(field.fieldId());
      if (Values.bound(type, bound).isEmpty()) {
        if (onlyNulls(file, field.fieldId())) {
          continue;
        }
        return Optional.empty();
      }
      Object value = Conversions.fromByteBuffer(type, bound.duplicate());
      if (best == null || (order.compare(value, best) < 0) == least) {
        best = value;
      }
    }
    return Optional.ofNullable(best).map(value -> Values.scalar(type, value));
  }

  private static boolean onlyNulls(ContentFile<?> file, int id) {
    return file.nullValueCounts() != null
        && file.nullValueCounts().getOrDefault(id, -1L) == file.recordCount();
  }

  // "ndv" in the properties of the theta sketches of the newest statistics file, current or not.
  private static Map<Integer, Double> distinctValues(Table table, Snapshot snapshot) {
    Map<Integer, Double> values = new HashMap<>();
    table.statisticsFiles().stream()
        .filter(file -> table.snapshot(file.snapshotId()) != null)
        .filter(
            file -> table.snapshot(file.snapshotId()).sequenceNumber() <= snapshot.sequenceNumber())
        .max(Comparator.comparingLong(file -> table.snapshot(file.snapshotId()).sequenceNumber()))
        .ifPresent(file -> file.blobMetadata().forEach(blob -> read(blob, values)));
    return values;
  }

  private static void read(BlobMetadata blob, Map<Integer, Double> values) {
    String ndv = blob.properties() == null ? null : blob.properties().get(DistinctSketches.NDV);
    if (ndv != null && blob.fields().size() == 1) {
      try {
        values.put(blob.fields().getFirst(), Double.parseDouble(ndv));
      } catch (NumberFormatException e) {
        // An estimate that another engine wrote badly is no estimate.
        values.remove(blob.fields().getFirst());
      }
    }
  }

  private static OptionalLong number(Map<String, String> summary, String key) {
    String text = summary == null ? null : summary.get(key);
    return text == null ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text));
  }
}
