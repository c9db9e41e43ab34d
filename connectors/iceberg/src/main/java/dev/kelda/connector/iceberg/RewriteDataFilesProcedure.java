package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Procedure;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.Table;
import org.apache.iceberg.actions.BinPackRewriteFilePlanner;
import org.apache.iceberg.actions.RewriteDataFilesCommitManager;
import org.apache.iceberg.actions.RewriteFileGroup;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.CloseableIterable;

/**
 * {@code rewrite_data_files}: small files, and files with many deletes, become few large ones.
 * Iceberg chooses the files and commits, the engine copies the rows.
 */
final class RewriteDataFilesProcedure {
  private RewriteDataFilesProcedure() {}

  static Procedure of(Maintained tables) {
    return Procedures.onTable(
        tables,
        "rewrite_data_files",
        List.of(
            Procedures.optional("strategy", Procedure.ArgumentType.TEXT),
            Procedures.optional("sort_order", Procedure.ArgumentType.TEXT),
            Procedures.optional("options", Procedure.ArgumentType.OPTIONS)),
        List.of(
            Procedures.number("rewritten_data_files_count"),
            Procedures.number("added_data_files_count"),
            Procedures.number("rewritten_bytes_count"),
            Procedures.number("failed_data_files_count"),
            Procedures.number("removed_delete_files_count")),
        (table, arguments, context) -> rewrite(table, tables.locations(), arguments, context));
  }

  private static List<List<Object>> rewrite(
      Table table, Locations locations, Procedure.Arguments arguments, Procedure.Context context) {
    requireBinPack(arguments);
    if (table.currentSnapshot() == null) {
      return List.of(Procedures.row(0L, 0L, 0L, 0L, 0L));
    }
    locations.checkTable(table.location(), table.properties());
    long start = table.currentSnapshot().snapshotId();
    RewriteDataFilesCommitManager commits =
        new RewriteDataFilesCommitManager(
            table, start, true, Map.of(IcebergWrite.COMMIT_ID, UUID.randomUUID().toString()));
    Set<RewriteFileGroup> done = new LinkedHashSet<>();
    try {
      List<RewriteFileGroup> groups = groups(table, start, arguments);
      context
          .progress()
          .of(groups.stream().mapToLong(RewriteDataFilesProcedure::rows).sum(), "rows");
      for (RewriteFileGroup group : groups) {
        context.checkpoint();
        group.setOutputFiles(copy(table, group, locations, context));
        done.add(group);
        context.progress().add(rows(group));
      }
    } catch (RuntimeException e) {
      done.forEach(commits::abortFileGroup);
      throw e;
    }
    long deletes = deleteFiles(table);
    if (!done.isEmpty()) {
      commits.commitOrClean(done);
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
            Math.max(0, deletes - deleteFiles(table))));
  }

  private static long rows(RewriteFileGroup group) {
    return group.fileScanTasks().stream().mapToLong(task -> task.file().recordCount()).sum();
  }

  private static long deleteFiles(Table table) {
    return Long.parseLong(
        table.currentSnapshot().summary().getOrDefault("total-delete-files", "0"));
  }

  private static List<RewriteFileGroup> groups(
      Table table, long snapshot, Procedure.Arguments arguments) {
    BinPackRewriteFilePlanner planner =
        new BinPackRewriteFilePlanner(table, Expressions.alwaysTrue(), snapshot, false);
    @SuppressWarnings("unchecked")
    Map<String, String> options = arguments.find("options", Map.class).orElse(Map.of());
    for (String option : options.keySet()) {
      if (!planner.validOptions().contains(option)) {
        throw new KeldaException(
            ErrorCode.INVALID_ARGUMENT,
            "unknown option '" + option + "'; known: " + new TreeSet<>(planner.validOptions()));
      }
    }
    planner.init(options);
    List<RewriteFileGroup> groups = new ArrayList<>();
    try (CloseableIterable<RewriteFileGroup> planned = planner.plan().groups()) {
      planned.forEach(groups::add);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return groups;
  }

  private static Set<DataFile> copy(
      Table table, RewriteFileGroup group, Locations locations, Procedure.Context context) {
    Set<DataFile> files = new HashSet<>();
    IcebergWrite write =
        new IcebergWrite(table.name(), table, new Publication.Collect(table, files::addAll));
    context.copy(new FileGroup(table, group.fileScanTasks(), locations), write);
    return files;
  }

  private static void requireBinPack(Procedure.Arguments arguments) {
    String strategy = arguments.find("strategy", String.class).orElse("binpack");
    if (!strategy.equalsIgnoreCase("binpack") || arguments.values().containsKey("sort_order")) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "rewrite_data_files packs files (strategy binpack); it does not sort rows");
    }
  }
}
