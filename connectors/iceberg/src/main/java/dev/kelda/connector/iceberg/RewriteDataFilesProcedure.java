package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Procedure;
import dev.kelda.spi.connector.TableWrite.Layout;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.SortOrder;
import org.apache.iceberg.Table;
import org.apache.iceberg.actions.BinPackRewriteFilePlanner;
import org.apache.iceberg.actions.RewriteDataFilesCommitManager;
import org.apache.iceberg.actions.RewriteFileGroup;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;

/**
 * {@code rewrite_data_files}: small files, and files with many deletes, become few large ones, in
 * the order of their rows or in another one. Iceberg chooses the files and commits, the engine
 * copies the rows.
 */
final class RewriteDataFilesProcedure {
  private final Table table;
  private final Maintained tables;
  private final Procedure.TableName name;
  private final Procedure.Context context;
  private final Order order;

  /** The order that rows are written in. */
  private record Order(Layout layout, SortOrder declared) {}

  private RewriteDataFilesProcedure(
      Maintained tables, Table table, Procedure.Arguments arguments, Procedure.Context context) {
    this.tables = tables;
    this.table = table;
    this.name = arguments.value("table", Procedure.TableName.class);
    this.context = context;
    this.order = order(table, arguments);
  }

  static Procedures.Simple of(Maintained tables) {
    return Procedures.onTable(
        tables,
        "rewrite_data_files",
        List.of(
            Procedures.optional("strategy", Procedure.ArgumentType.TEXT),
            Procedures.optional("sort_order", Procedure.ArgumentType.SORT_ORDER),
            Procedures.optional("options", Procedure.ArgumentType.OPTIONS),
            Procedures.optional("where", Procedure.ArgumentType.CONDITION)),
        List.of(
            Procedures.number("rewritten_data_files_count"),
            Procedures.number("added_data_files_count"),
            Procedures.number("rewritten_bytes_count"),
            Procedures.number("failed_data_files_count"),
            Procedures.number("removed_delete_files_count")),
        (table, arguments, context) ->
            table.currentSnapshot() == null
                ? List.of(Procedures.row(0L, 0L, 0L, 0L, 0L))
                : new RewriteDataFilesProcedure(tables, table, arguments, context).run(arguments));
  }

  private static Order order(Table table, Procedure.Arguments arguments) {
    var given = arguments.find("sort_order", Procedure.SortOrder.class);
    String strategy =
        arguments.find("strategy", String.class).orElse(given.isPresent() ? "sort" : "binpack");
    if (strategy.equalsIgnoreCase("binpack") && given.isEmpty()) {
      return new Order(WriteLayouts.of(table), table.sortOrder());
    }
    if (!strategy.equalsIgnoreCase("sort")) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          strategy.equalsIgnoreCase("binpack")
              ? "a sort_order goes with the strategy 'sort'"
              : "no strategy '" + strategy + "'; use 'binpack' or 'sort'");
    }
    if (given.isPresent()) {
      return new Order(WriteLayouts.sorted(table, given.get()), SortOrder.unsorted());
    }
    if (table.sortOrder().isUnsorted()) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "table " + table.name() + " has no sort order of its own; give a sort_order");
    }
    return new Order(WriteLayouts.sorted(table), table.sortOrder());
  }

  private List<List<Object>> run(Procedure.Arguments arguments) {
    long start = table.currentSnapshot().snapshotId();
    long deletes = deleteFiles();
    String id = UUID.randomUUID().toString();
    RewriteDataFilesCommitManager commits =
        new RewriteDataFilesCommitManager(table, start, true, Map.of(IcebergWrite.COMMIT_ID, id));
    Set<RewriteFileGroup> done = new LinkedHashSet<>();
    try {
      List<RewriteFileGroup> groups = groups(start, arguments);
      context
          .progress()
          .of(groups.stream().mapToLong(RewriteDataFilesProcedure::rows).sum(), "rows");
      for (RewriteFileGroup group : groups) {
        context.checkpoint();
        group.setOutputFiles(copy(group));
        done.add(group);
        context.progress().add(rows(group));
      }
      if (!done.isEmpty()) {
        publish(commits, done, id);
      }
    } catch (RuntimeException e) {
      if (!(e instanceof KeldaException known && known.code() == ErrorCode.COMMIT_STATE_UNKNOWN)) {
        done.forEach(commits::abortFileGroup);
      }
      throw e;
    }
    table.refresh();
    return List.of(
        Procedures.row(
            done.stream().mapToLong(group -> group.rewrittenFiles().size()).sum(),
            done.stream().mapToLong(group -> group.addedFiles().size()).sum(),
            done.stream()
                .flatMap(group -> group.rewrittenFiles().stream())
                .mapToLong(DataFile::fileSizeInBytes)
                .sum(),
            0L,
            Math.max(0, deletes - deleteFiles())));
  }

  private void publish(
      RewriteDataFilesCommitManager commits, Set<RewriteFileGroup> done, String id) {
    IcebergTable.Changes changes = tables.changes(name);
    Publication publication =
        new Publication.Maintenance(() -> commits.commitFileGroups(done), changes.reload());
    new CommitGuard(name.toString(), publication, id, changes.lane()).commit(List.of());
  }

  private static long rows(RewriteFileGroup group) {
    return group.fileScanTasks().stream().mapToLong(task -> task.file().recordCount()).sum();
  }

  private long deleteFiles() {
    return Long.parseLong(
        table.currentSnapshot().summary().getOrDefault("total-delete-files", "0"));
  }

  private List<RewriteFileGroup> groups(long snapshot, Procedure.Arguments arguments) {
    Expression where =
        arguments
            .find("where", Procedure.Condition.class)
            .map(condition -> Filters.expression(table.schema(), condition.conjuncts()))
            .orElse(Expressions.alwaysTrue());
    BinPackRewriteFilePlanner planner = new BinPackRewriteFilePlanner(table, where, snapshot, true);
    RewriteOptions.init(planner, arguments);
    return RewriteOptions.groups(planner);
  }

  private Set<DataFile> copy(RewriteFileGroup group) {
    Set<DataFile> files = new HashSet<>();
    FileGroup rows = new FileGroup(table, group.fileScanTasks(), tables.locations());
    context.copy(
        rows,
        IcebergWrite.collecting(
            table, order.layout(), order.declared(), rows.lineage(), files::addAll));
    return files;
  }
}
