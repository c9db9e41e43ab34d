package dev.kelda.feature.refresh;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toMap;

import dev.kelda.feature.refresh.RefreshPlan.Change;
import dev.kelda.feature.refresh.RefreshPlan.Way;
import dev.kelda.feature.registry.FeatureView;
import dev.kelda.feature.registry.NoRows;
import dev.kelda.feature.registry.ViewOptions.RefreshMode;
import dev.kelda.feature.registry.ViewTables;
import dev.kelda.planner.SessionContext;
import dev.kelda.spi.connector.SnapshotTable;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TimeTravelConnector;
import dev.kelda.spi.connector.TimeTravelConnector.Moment;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.EngineServices.NamedTable;
import dev.kelda.spi.extension.EngineServices.TableName;
import dev.kelda.spi.extension.QueryAnalysis;
import dev.kelda.spi.extension.SqlQuery;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** Decides how a view is refreshed. Reads metadata only. */
final class RefreshPlanner {
  private final EngineServices services;
  private final ViewTables tables;

  RefreshPlanner(EngineServices services, ViewTables tables) {
    this.services = requireNonNull(services, "services is null");
    this.tables = requireNonNull(tables, "tables is null");
  }

  /** What the statement asks for. */
  enum Want {
    WHATEVER_IT_TAKES,
    FULL,
    RANGE
  }

  /** A way and why it was taken. */
  private record Choice(Way way, String reason) {
    static Choice full(String reason) {
      return new Choice(new Way.Full(), reason);
    }
  }

  /**
   * @throws KeldaException INVALID_STATEMENT for a view that is always its query; NOT_SUPPORTED
   *     when it may not be refreshed in full and must be
   */
  RefreshPlan plan(FeatureView view, String user, Want want) {
    if (!view.options().materialized()) {
      throw new KeldaException(
          ErrorCode.INVALID_STATEMENT,
          "feature view \"%s\" is not materialized: it is always its query, and there is nothing to refresh"
              .formatted(view.name().name()));
    }
    QueryAnalysis query = analyze(view, user);
    SnapshotTable target = (SnapshotTable) tables.stored(view.table()).orElseThrow();
    Map<TableName, Table> sources = new HashMap<>();
    for (NamedTable table : query.tables()) {
      if (table.table() instanceof SnapshotTable) {
        sources.put(table.fullName(), table.table());
      }
    }
    Choice choice = choice(view, target, query, want);
    Covered covers = Covered.of(query, want != Want.RANGE);
    return new RefreshPlan(view, target, sources, covers, choice.way(), choice.reason());
  }

  /** The view's query, which still gives the view's columns. */
  private QueryAnalysis analyze(FeatureView view, String user) {
    QueryAnalysis query;
    try {
      query =
          services.analyzeThrough(
              new SessionContext(user, view.definition().catalog(), view.definition().schema()),
              SqlQuery.of(view.definition().sql()));
    } catch (KeldaException e) {
      // The position is one in the view's text, not in the statement's.
      throw new KeldaException(
          e.code(), "in feature view %s: %s".formatted(view.name(), e.getMessage()), e);
    }
    List<String> columns = names(view.definition().columns());
    List<String> given = names(query.rows());
    if (!columns.equals(given)) {
      throw new KeldaException(
          ErrorCode.INVALID_STATEMENT,
          "in feature view %s: it has the columns %s, its query gives %s now; CREATE OR REPLACE FEATURE VIEW makes a version that has them"
              .formatted(view.name(), String.join(", ", columns), String.join(", ", given)));
    }
    return query;
  }

  private static List<String> names(Schema columns) {
    return columns.getFields().stream().map(Field::getName).toList();
  }

  /** The tables whose rows the query would give beside those that come of the source's. */
  private static Map<TableName, Table> emptied(QueryAnalysis query, TableName source) {
    Set<TableName> without = query.growth().linear().get(source);
    return query.tables().stream()
        .filter(table -> without.contains(table.fullName()))
        .collect(
            toMap(
                NamedTable::fullName,
                table -> new NoRows(table.table().schema(), table.table().timeline())));
  }

  private Choice choice(FeatureView view, SnapshotTable target, QueryAnalysis query, Want want) {
    if (want == Want.FULL) {
      return Choice.full("FULL is written");
    }
    if (want == Want.RANGE) {
      return new Choice(new Way.Range(), "rows of these event times are made anew");
    }
    Optional<Covered> covered = Covered.of(target);
    if (covered.isEmpty()) {
      return Choice.full("it is the first refresh");
    }
    if (view.options().refreshMode() == RefreshMode.FULL) {
      return Choice.full("refresh_mode is full");
    }
    Choice choice = since(covered.get(), view, query);
    if (choice.way() instanceof Way.Full
        && view.options().refreshMode() == RefreshMode.INCREMENTAL) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "refresh_mode is incremental, but %s; REFRESH FEATURE VIEW %s FULL does it once"
              .formatted(choice.reason(), view.name().name()));
    }
    return choice;
  }

  private Choice since(Covered covered, FeatureView view, QueryAnalysis query) {
    if (!covered.whole()) {
      return Choice.full("the last refresh was one of a range");
    }
    List<String> unknown =
        query.tables().stream()
            .filter(t -> !Covered.Source.of(t.table()).known())
            .map(t -> t.fullName().toString())
            .toList();
    if (!unknown.isEmpty()) {
      return Choice.full("what has changed in " + String.join(", ", unknown) + " is not known");
    }
    List<NamedTable> changed = covered.changed(query.tables());
    if (changed.isEmpty() && Covered.of(query, true).equals(covered)) {
      return new Choice(new Way.Nothing(), "no source has changed");
    }
    if (changed.size() != 1
        || !(changed.getFirst().table() instanceof SnapshotTable now)
        || !covered.sources().containsKey(changed.getFirst().fullName().toString())) {
      return Choice.full(
          "several sources have changed: "
              + changed.stream().map(t -> t.fullName().toString()).collect(joining(", ")));
    }
    TableName source = changed.getFirst().fullName();
    if (!query.growth().linear().containsKey(source)) {
      return Choice.full(
          query
              .growth()
              .obstacle()
              .map(obstacle -> "the query does not allow more: " + obstacle)
              .orElse("rows of " + source + " may change any row of the view"));
    }
    return changed(view, query, source, now, covered.sources().get(source.toString()));
  }

  private Choice changed(
      FeatureView view,
      QueryAnalysis query,
      TableName source,
      SnapshotTable now,
      Covered.Source before) {
    if (now.snapshotId().isEmpty()) {
      return Choice.full(source + " was made anew");
    }
    Map<TableName, Table> emptied = emptied(query, source);
    Change change;
    if (before.snapshot().isEmpty()) {
      change = new Change(source, Optional.of(now), Optional.empty(), emptied);
    } else {
      Optional<SnapshotTable> old = snapshot(source, before.snapshot().getAsLong());
      if (old.isEmpty()) {
        return Choice.full(
            "snapshot %d of %s is gone".formatted(before.snapshot().getAsLong(), source));
      }
      if (!old.get().schema().equals(now.schema())) {
        return Choice.full("the columns of " + source + " have changed");
      }
      change = new Change(source, now.filesBeyond(old.get()), old.get().filesBeyond(now), emptied);
    }
    double all = now.statistics().rows().orElse(Double.MAX_VALUE);
    if (change.addedRows() + change.goneRows() > all && before.snapshot().isPresent()) {
      return Choice.full("most of %s has changed".formatted(source));
    }
    String files =
        "%s has files with %d rows more%s"
            .formatted(
                source,
                change.addedRows(),
                change.gone().isEmpty()
                    ? ""
                    : ", files with %d rows less".formatted(change.goneRows()));
    if (query.growth().rowWise() && change.gone().isEmpty()) {
      return new Choice(new Way.Append(change), files);
    }
    return new Choice(new Way.ByKeys(change, keys(view, query.growth())), files);
  }

  /** Of a view whose rows each come from one: its own keys and event time. */
  private static List<Integer> keys(FeatureView view, QueryAnalysis.Growth growth) {
    if (!growth.rowWise()) {
      return List.copyOf(new TreeSet<>(growth.keys()));
    }
    List<String> names = names(view.definition().columns());
    return Stream.concat(
            view.definition().primaryKey().stream(), Stream.of(view.definition().eventTime()))
        .map(names::indexOf)
        .sorted()
        .toList();
  }

  /** A table as it was; empty when the snapshot is gone. */
  private Optional<SnapshotTable> snapshot(TableName name, long id) {
    if (!(services.connector(name.catalog()).orElseThrow()
        instanceof TimeTravelConnector connector)) {
      return Optional.empty();
    }
    try {
      return connector
          .tableAsOf(name.schema(), name.name(), new Moment.Snapshot(id))
          .map(SnapshotTable.class::cast);
    } catch (KeldaException e) {
      if (e.code() == ErrorCode.INVALID_ARGUMENT) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
