package dev.kelda.feature.refresh;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.registry.FeatureView;
import dev.kelda.spi.connector.SnapshotTable;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.extension.EngineServices.TableName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a view's table is brought up to date.
 *
 * @param target the view's table as it is
 * @param sources tables as they are now, by name
 * @param covers what the table will be made of
 * @param reason why in this way, in words
 */
record RefreshPlan(
    FeatureView view,
    SnapshotTable target,
    Map<TableName, Table> sources,
    Covered covers,
    Way way,
    String reason) {
  RefreshPlan {
    requireNonNull(view, "view is null");
    requireNonNull(target, "target is null");
    sources = Map.copyOf(sources);
    requireNonNull(covers, "covers is null");
    requireNonNull(way, "way is null");
    requireNonNull(reason, "reason is null");
  }

  /** One way of several. */
  sealed interface Way {
    /** Nothing has changed. */
    record Nothing() implements Way {}

    /** Every row anew. */
    record Full() implements Way {}

    /** The rows of one source's new rows are added. */
    record Append(Change change) implements Way {}

    /**
     * Rows whose keys may have changed are made anew.
     *
     * @param keys ordinals of the view's columns, ascending
     */
    record ByKeys(Change change, List<Integer> keys) implements Way {
      public ByKeys {
        keys = List.copyOf(keys);
      }
    }

    /** Rows of some event times are made anew. */
    record Range() implements Way {}
  }

  /**
   * What happened to a source.
   *
   * @param added files that it has now
   * @param gone files that it had
   * @param emptied the tables that stand for others, so that the query gives only what comes of
   *     those files
   */
  record Change(
      TableName source,
      Optional<Table> added,
      Optional<Table> gone,
      Map<TableName, Table> emptied) {
    Change {
      emptied = Map.copyOf(emptied);
    }

    /** The query's tables with some of the files for the source. */
    Map<TableName, Table> only(Table files) {
      Map<TableName, Table> tables = new HashMap<>(emptied);
      tables.put(source, files);
      return tables;
    }

    long addedRows() {
      return rows(added);
    }

    long goneRows() {
      return rows(gone);
    }

    private static long rows(Optional<Table> files) {
      return files.map(t -> (long) t.statistics().rows().orElse(0)).orElse(0L);
    }
  }

  List<String> explanation() {
    List<String> lines = new ArrayList<>();
    lines.add("Refresh feature view " + view);
    lines.add(
        "  "
            + switch (way) {
              case Way.Nothing ignored -> "nothing to do: " + reason;
              case Way.Full ignored -> "full: " + reason;
              case Way.Append ignored -> "incremental, by new rows: " + reason;
              case Way.ByKeys by -> "incremental, by keys (" + names(by.keys()) + "): " + reason;
              case Way.Range ignored -> "range: " + reason;
            });
    return lines;
  }

  private String names(List<Integer> keys) {
    return String.join(
        ", ",
        keys.stream().map(i -> view.definition().columns().getFields().get(i).getName()).toList());
  }
}
