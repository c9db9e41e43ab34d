package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Procedure;
import dev.kelda.spi.connector.RowChange;
import dev.kelda.spi.connector.TableWrite.WrittenFile;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.iceberg.ContentScanTask;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.FileContent;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.RewriteFiles;
import org.apache.iceberg.RowDelta;
import org.apache.iceberg.SnapshotUpdate;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableUtil;
import org.apache.iceberg.actions.BinPackRewritePositionDeletePlanner;
import org.apache.iceberg.actions.RewritePositionDeletesGroup;
import org.apache.iceberg.deletes.PositionDeleteIndex;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.CloseableIterable;

/**
 * {@code rewrite_position_delete_files}: many small lists of deleted rows become few, without the
 * rows of files that are gone; in v3 the lists of v2 become deletion vectors.
 */
final class RewriteDeletesProcedure {
  private final Table table;
  private final IcebergTable.Changes changes;
  private final Procedure.Context context;
  private final Map<String, FileScanTask> live = new HashMap<>();
  private final List<DeleteFile> removed = new ArrayList<>();
  private final Map<DeleteFile, Long> added = new LinkedHashMap<>();
  private final Set<String> converted = new HashSet<>();
  private final boolean vectors;

  private RewriteDeletesProcedure(
      Table table, IcebergTable.Changes changes, Procedure.Context context) {
    this.table = table;
    this.changes = changes;
    this.context = context;
    this.vectors = TableUtil.formatVersion(table) >= 3;
  }

  static Procedures.Simple of(Maintained tables) {
    return Procedures.onTable(
        tables,
        "rewrite_position_delete_files",
        List.of(
            Procedures.optional("options", Procedure.ArgumentType.OPTIONS),
            Procedures.optional("where", Procedure.ArgumentType.CONDITION)),
        List.of(
            Procedures.number("rewritten_delete_files_count"),
            Procedures.number("added_delete_files_count"),
            Procedures.number("rewritten_bytes_count"),
            Procedures.number("added_bytes_count")),
        (table, arguments, context) -> {
          Procedure.TableName name = arguments.value("table", Procedure.TableName.class);
          return table.currentSnapshot() == null
              ? List.of(Procedures.row(0L, 0L, 0L, 0L))
              : new RewriteDeletesProcedure(table, tables.changes(name), context)
                  .run(name.toString(), arguments);
        });
  }

  private List<List<Object>> run(String name, Procedure.Arguments arguments) {
    List<RewritePositionDeletesGroup> groups = groups(arguments);
    context.progress().of(groups.size(), "groups of files");
    DataFolder folder = new DataFolder(name, table);
    try {
      for (RewritePositionDeletesGroup group : groups) {
        context.checkpoint();
        rewrite(group, new DataFolder(name, table));
        context.progress().add(1);
      }
      if (!removed.isEmpty()) {
        publish(name, folder.id());
      }
    } catch (RuntimeException e) {
      if (!(e instanceof KeldaException known && known.code() == ErrorCode.COMMIT_STATE_UNKNOWN)) {
        added.keySet().forEach(file -> table.io().deleteFile(file.location()));
      }
      throw e;
    }
    return List.of(
        Procedures.row(
            (long) removed.size(),
            (long) added.size(),
            bytes(removed.stream()),
            bytes(added.keySet().stream())));
  }

  private static long bytes(Stream<DeleteFile> files) {
    return files.mapToLong(RewriteDeletesProcedure::bytes).sum();
  }

  // A Puffin file may hold the vectors of many data files.
  private static long bytes(DeleteFile file) {
    return file.contentSizeInBytes() == null ? file.fileSizeInBytes() : file.contentSizeInBytes();
  }

  private List<RewritePositionDeletesGroup> groups(Procedure.Arguments arguments) {
    Expression where =
        arguments
            .find("where", Procedure.Condition.class)
            .map(condition -> Filters.expression(table.schema(), condition.conjuncts()))
            .orElse(Expressions.alwaysTrue());
    BinPackRewritePositionDeletePlanner planner =
        new BinPackRewritePositionDeletePlanner(table, where, true);
    RewriteOptions.init(planner, arguments);
    List<RewritePositionDeletesGroup> groups =
        RewriteOptions.groups(planner).stream()
            .filter(group -> group.fileScanTasks().stream().allMatch(task -> isList(task.file())))
            .toList();
    if (!groups.isEmpty()) {
      findLive();
    }
    return groups;
  }

  private void findLive() {
    try (CloseableIterable<FileScanTask> tasks = table.newScan().planFiles()) {
      tasks.forEach(task -> live.put(task.file().location(), task));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void rewrite(RewritePositionDeletesGroup group, DataFolder folder) {
    List<DeleteFile> files = group.fileScanTasks().stream().map(ContentScanTask::file).toList();
    PositionDeletes deletes = new PositionDeletes(table, folder);
    PositionDeletes.Written written =
        vectors ? deletes.vectors(allDeleted(files)) : deletes.written(lists(files, deletes));
    written.added().forEach(file -> added.put(file, group.maxRewrittenDataSequenceNumber()));
    removed.addAll(files);
    removed.addAll(written.replaced());
  }

  private List<WrittenFile> lists(List<DeleteFile> files, PositionDeletes deletes) {
    List<WrittenFile> lists = new ArrayList<>();
    for (RowChange.Rewrite list : deletes.rewrites(deleted(files, live))) {
      lists.addAll(context.write(list.rows(), list.target()));
    }
    return lists;
  }

  /**
   * All that is deleted from the data files which the lists are for, by these and by other lists:
   * once a data file has a vector, nobody looks at lists for it. Each data file once.
   */
  private Map<FileScanTask, PositionDeleteIndex> allDeleted(List<DeleteFile> files) {
    Set<String> locations = new HashSet<>();
    files.forEach(file -> locations.add(file.location()));
    Map<String, FileScanTask> touched = new HashMap<>();
    Map<String, DeleteFile> lists = new TreeMap<>();
    live.forEach(
        (path, task) -> {
          List<DeleteFile> ofTask =
              task.deletes().stream().filter(RewriteDeletesProcedure::isList).toList();
          if (ofTask.stream().anyMatch(file -> locations.contains(file.location()))
              && converted.add(path)) {
            touched.put(path, task);
            ofTask.forEach(file -> lists.put(file.location(), file));
          }
        });
    return deleted(List.copyOf(lists.values()), touched);
  }

  private static boolean isList(DeleteFile file) {
    return file.content() == FileContent.POSITION_DELETES && file.format() != FileFormat.PUFFIN;
  }

  private Map<FileScanTask, PositionDeleteIndex> deleted(
      List<DeleteFile> files, Map<String, FileScanTask> from) {
    Map<FileScanTask, PositionDeleteIndex> deleted = new LinkedHashMap<>();
    DeletedPositions.read(files, context)
        .forEach(
            (path, rows) -> {
              if (from.containsKey(path)) {
                deleted.put(from.get(path), rows);
              }
            });
    return deleted;
  }

  private void publish(String name, String id) {
    Publication publication =
        new Publication.Maintenance(
            () -> {
              Table now = changes.reload().now();
              Publication.commit(now, update(now), id);
            },
            changes.reload());
    new CommitGuard(name, publication, id, changes.lane()).commit(List.of());
  }

  // A vector that somebody else gave one of the data files meanwhile is a conflict; a list is none.
  private SnapshotUpdate<?> update(Table now) {
    long start = table.currentSnapshot().snapshotId();
    if (vectors) {
      RowDelta delta =
          now.newRowDelta()
              .validateFromSnapshot(start)
              .validateDataFilesExist(converted)
              .validateDeletedFiles();
      removed.forEach(delta::removeDeletes);
      added.keySet().forEach(delta::addDeletes);
      return delta;
    }
    RewriteFiles rewrite = now.newRewrite().validateFromSnapshot(start);
    removed.forEach(rewrite::deleteFile);
    added.forEach(rewrite::addFile);
    return rewrite;
  }
}
