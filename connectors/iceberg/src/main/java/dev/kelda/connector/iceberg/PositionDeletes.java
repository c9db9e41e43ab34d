package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.RowChange.Rewrite;
import dev.kelda.spi.connector.TableWrite.WrittenFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.FileMetadata;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.MetricsConfig;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Table;
import org.apache.iceberg.deletes.BaseDVFileWriter;
import org.apache.iceberg.deletes.PositionDeleteIndex;
import org.apache.iceberg.io.DeleteWriteResult;
import org.apache.iceberg.util.StructLikeWrapper;

/**
 * Rows that are taken out, as files: deletion vectors in v3, which Iceberg writes; in v2 one file
 * of positions per partition, which the engine writes (Iceberg's writer needs Hadoop's classes).
 */
final class PositionDeletes {
  private static final String NAME = "-deletes";

  private final Table table;
  private final DataFolder folder;
  private final List<List<FileScanTask>> groups = new ArrayList<>();

  /** What a commit adds, and what it removes because a new vector holds it too. */
  record Written(List<DeleteFile> added, List<DeleteFile> replaced) {
    List<String> locations() {
      return added.stream().map(DeleteFile::location).distinct().toList();
    }
  }

  PositionDeletes(Table table, DataFolder folder) {
    this.table = table;
    this.folder = folder;
  }

  Written vectors(Map<FileScanTask, PositionDeleteIndex> taken) {
    Map<String, FileScanTask> tasks = new TreeMap<>();
    taken.keySet().forEach(task -> tasks.put(task.file().location(), task));
    BaseDVFileWriter writer =
        new BaseDVFileWriter(
            () -> table.io().newOutputFile(folder.file(NAME + ".puffin")),
            location -> PreviousVector.of(table, tasks.get(location)));
    try (writer) {
      taken.forEach(
          (task, rows) ->
              writer.delete(task.file().location(), rows, task.spec(), task.file().partition()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    DeleteWriteResult result = writer.result();
    return new Written(result.deleteFiles(), result.rewrittenDeleteFiles());
  }

  /** The files of positions that the engine is to write. */
  List<Rewrite> rewrites(Map<FileScanTask, PositionDeleteIndex> taken) {
    Map<Integer, Map<StructLikeWrapper, List<FileScanTask>>> byPartition = new TreeMap<>();
    for (FileScanTask task : taken.keySet()) {
      byPartition
          .computeIfAbsent(task.spec().specId(), id -> new LinkedHashMap<>())
          .computeIfAbsent(
              StructLikeWrapper.forType(task.spec().partitionType()).set(task.file().partition()),
              partition -> new ArrayList<>())
          .add(task);
    }
    byPartition.values().forEach(partitions -> groups.addAll(partitions.values()));
    List<Rewrite> rewrites = new ArrayList<>();
    for (List<FileScanTask> group : groups) {
      TreeMap<String, PositionDeleteIndex> rows = new TreeMap<>();
      group.forEach(task -> rows.put(task.file().location(), taken.get(task)));
      rewrites.add(new Rewrite(new PositionRows(rows), folder.positions(name(rewrites.size()))));
    }
    return rewrites;
  }

  private static String name(int group) {
    return NAME + "-" + group + ".parquet";
  }

  /** Whether the file is one of {@link #rewrites}. */
  boolean isOurs(WrittenFile file) {
    return file.path().startsWith(folder.file(NAME));
  }

  /** What the engine wrote, with its metrics. */
  Written written(List<WrittenFile> files) {
    List<DeleteFile> deletes = new ArrayList<>();
    for (int group = 0; group < groups.size(); group++) {
      String path = folder.file(name(group));
      WrittenFile file =
          files.stream().filter(f -> f.path().equals(path)).findFirst().orElseThrow();
      FileScanTask first = groups.get(group).getFirst();
      PartitionSpec spec = first.spec();
      ParquetFooter footer = ParquetFooter.read(table.io().newInputFile(file.path(), file.bytes()));
      FileMetadata.Builder builder =
          FileMetadata.deleteFileBuilder(spec)
              .ofPositionDeletes()
              .withPath(file.path())
              .withFormat(FileFormat.PARQUET)
              .withFileSizeInBytes(file.bytes())
              .withMetrics(footer.metrics(MetricsConfig.forPositionDelete()))
              .withSplitOffsets(footer.splitOffsets());
      if (spec.isPartitioned()) {
        builder.withPartition(first.file().partition());
      }
      deletes.add(builder.build());
    }
    return new Written(deletes, List.of());
  }
}
