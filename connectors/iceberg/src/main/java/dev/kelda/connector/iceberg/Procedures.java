package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Procedure;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.iceberg.ManageSnapshots;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;

/**
 * The maintenance procedures: names, arguments and result columns are those of Iceberg's Spark
 * procedures.
 */
final class Procedures {
  private static final Procedure.Parameter TABLE =
      new Procedure.Parameter("table", Procedure.ArgumentType.TABLE, true);

  private Procedures() {}

  /** The body of a procedure on one table, loaded afresh. */
  interface Body {
    List<List<Object>> run(Table table, Procedure.Arguments arguments, Procedure.Context context);
  }

  static List<Procedure> of(Maintained tables) {
    return List.of(
        snapshots(
            tables,
            "rollback_to_snapshot",
            required("snapshot_id", Procedure.ArgumentType.NUMBER),
            (table, arguments) ->
                table.manageSnapshots().rollbackTo(arguments.value("snapshot_id", Long.class))),
        snapshots(
            tables,
            "rollback_to_timestamp",
            required("timestamp", Procedure.ArgumentType.TIMESTAMP),
            (table, arguments) ->
                table
                    .manageSnapshots()
                    .rollbackToTime(arguments.value("timestamp", Long.class) / 1000)),
        snapshots(
            tables,
            "set_current_snapshot",
            required("snapshot_id", Procedure.ArgumentType.NUMBER),
            (table, arguments) ->
                table
                    .manageSnapshots()
                    .setCurrentSnapshot(arguments.value("snapshot_id", Long.class))),
        cherryPick(tables),
        fastForward(tables),
        ancestors(tables).keepingRows(),
        ExpireSnapshotsProcedure.of(tables),
        OrphanFiles.of(tables).keepingRows(),
        rewriteManifests(tables).keepingRows(),
        RewriteDataFilesProcedure.of(tables).keepingRows(),
        RewriteDeletesProcedure.of(tables).keepingRows(),
        RegisterTable.of(tables),
        AddFiles.of(tables));
  }

  static Procedure.Parameter required(String name, Procedure.ArgumentType type) {
    return new Procedure.Parameter(name, type, true);
  }

  static Procedure.Parameter optional(String name, Procedure.ArgumentType type) {
    return new Procedure.Parameter(name, type, false);
  }

  static Procedure.Column number(String name) {
    return new Procedure.Column(name, Procedure.ColumnType.NUMBER);
  }

  static Procedure.Column text(String name) {
    return new Procedure.Column(name, Procedure.ColumnType.TEXT);
  }

  /** A procedure whose first argument is the table. */
  static Simple onTable(
      Maintained tables,
      String name,
      List<Procedure.Parameter> more,
      List<Procedure.Column> columns,
      Body body) {
    List<Procedure.Parameter> parameters = Stream.concat(Stream.of(TABLE), more.stream()).toList();
    return new Simple(
        name,
        parameters,
        columns,
        (arguments, context) -> {
          Procedure.TableName table = arguments.value("table", Procedure.TableName.class);
          return IcebergErrors.translating(
              table.toString(), () -> body.run(tables.load(table), arguments, context));
        });
  }

  /** A procedure from its parts. */
  record Simple(
      String name,
      List<Procedure.Parameter> parameters,
      List<Procedure.Column> columns,
      boolean keepsRows,
      BiFunction<Procedure.Arguments, Procedure.Context, List<List<Object>>> work)
      implements Procedure {
    Simple(
        String name,
        List<Procedure.Parameter> parameters,
        List<Procedure.Column> columns,
        BiFunction<Procedure.Arguments, Procedure.Context, List<List<Object>>> work) {
      this(name, parameters, columns, false, work);
    }

    /** The same, said to keep every row. */
    Procedure keepingRows() {
      return new Simple(name, parameters, columns, true, work);
    }

    @Override
    public List<List<Object>> call(Arguments arguments, Context context) {
      return work.apply(arguments, context);
    }
  }

  private static Procedure snapshots(
      Maintained tables,
      String name,
      Procedure.Parameter parameter,
      BiFunction<Table, Procedure.Arguments, ManageSnapshots> update) {
    return onTable(
        tables,
        name,
        List.of(parameter),
        List.of(number("previous_snapshot_id"), number("current_snapshot_id")),
        (table, arguments, context) -> {
          Object before = current(table);
          update.apply(table, arguments).commit();
          return List.of(row(before, current(table)));
        });
  }

  private static Procedure cherryPick(Maintained tables) {
    return onTable(
        tables,
        "cherrypick_snapshot",
        List.of(required("snapshot_id", Procedure.ArgumentType.NUMBER)),
        List.of(number("source_snapshot_id"), number("current_snapshot_id")),
        (table, arguments, context) -> {
          Long source = arguments.value("snapshot_id", Long.class);
          table.manageSnapshots().cherrypick(source).commit();
          return List.of(row(source, current(table)));
        });
  }

  private static Procedure fastForward(Maintained tables) {
    return onTable(
        tables,
        "fast_forward",
        List.of(
            required("branch", Procedure.ArgumentType.TEXT),
            required("to", Procedure.ArgumentType.TEXT)),
        List.of(text("branch_updated"), number("previous_ref"), number("updated_ref")),
        (table, arguments, context) -> {
          String branch = arguments.value("branch", String.class);
          Function<Table, Object> head =
              t -> Optional.ofNullable(t.snapshot(branch)).map(Snapshot::snapshotId).orElse(null);
          Object before = head.apply(table);
          table
              .manageSnapshots()
              .fastForwardBranch(branch, arguments.value("to", String.class))
              .commit();
          return List.of(row(branch, before, head.apply(table)));
        });
  }

  private static Simple ancestors(Maintained tables) {
    return onTable(
        tables,
        "ancestors_of",
        List.of(optional("snapshot_id", Procedure.ArgumentType.NUMBER)),
        List.of(number("snapshot_id"), number("timestamp")),
        (table, arguments, context) -> {
          List<List<Object>> rows = new ArrayList<>();
          Snapshot snapshot =
              arguments
                  .find("snapshot_id", Long.class)
                  .map(table::snapshot)
                  .orElse(table.currentSnapshot());
          while (snapshot != null) {
            rows.add(row(snapshot.snapshotId(), snapshot.timestampMillis()));
            snapshot = snapshot.parentId() == null ? null : table.snapshot(snapshot.parentId());
          }
          return rows;
        });
  }

  private static Simple rewriteManifests(Maintained tables) {
    return onTable(
        tables,
        "rewrite_manifests",
        List.of(
            optional("use_caching", Procedure.ArgumentType.TRUTH),
            optional("spec_id", Procedure.ArgumentType.NUMBER)),
        List.of(number("rewritten_manifests_count"), number("added_manifests_count")),
        (table, arguments, context) -> {
          if (table.currentSnapshot() == null) {
            return List.of(row(0L, 0L));
          }
          int spec =
              arguments
                  .find("spec_id", Long.class)
                  .map(Long::intValue)
                  .orElse(table.spec().specId());
          table
              .rewriteManifests()
              .rewriteIf(manifest -> manifest.partitionSpecId() == spec)
              .clusterBy(file -> String.valueOf(file.partition()))
              .commit();
          var summary = table.currentSnapshot().summary();
          return List.of(
              row(
                  Long.valueOf(summary.getOrDefault("manifests-replaced", "0")),
                  Long.valueOf(summary.getOrDefault("manifests-created", "0"))));
        });
  }

  static Object current(Table table) {
    return table.currentSnapshot() == null ? null : table.currentSnapshot().snapshotId();
  }

  /** One row; its values may be null. */
  static List<Object> row(Object... values) {
    return Arrays.asList(values);
  }
}
