package dev.kelda.feature.refresh;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.online.OnlineCatalog;
import dev.kelda.feature.online.OnlineView;
import dev.kelda.feature.push.Loads;
import dev.kelda.feature.push.OnlineHome;
import dev.kelda.feature.push.Pushes;
import dev.kelda.feature.refresh.RefreshPlan.Way;
import dev.kelda.feature.refresh.RefreshPlanner.Want;
import dev.kelda.feature.registry.FeatureView;
import dev.kelda.feature.registry.Json;
import dev.kelda.feature.registry.ViewTables;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.SnapshotTable;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.EngineServices.TableName;
import dev.kelda.spi.extension.Metric;
import dev.kelda.spi.extension.Scope;
import dev.kelda.spi.extension.SqlQuery;
import dev.kelda.spi.extension.StatementContext;
import dev.kelda.spi.run.Progress;
import dev.kelda.spi.run.Runs;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.ipc.ArrowReader;

/** Refreshes views. Thread-safe. */
public final class Refreshes {
  private static final String KEYS = "changed keys";

  private final EngineServices services;
  private final ViewTables tables;
  private final RefreshPlanner planner;
  private final OnlineCatalog online;
  private final OnlineHome home;
  private final Loads loads;
  private final Pushes pushes;
  private final RefreshMetrics metrics = new RefreshMetrics();

  public Refreshes(
      EngineServices services,
      ViewTables tables,
      OnlineCatalog online,
      OnlineHome home,
      Loads loads,
      Pushes pushes) {
    this.services = requireNonNull(services, "services is null");
    this.tables = requireNonNull(tables, "tables is null");
    this.planner = new RefreshPlanner(services, tables);
    this.online = requireNonNull(online, "online is null");
    this.home = requireNonNull(home, "home is null");
    this.loads = requireNonNull(loads, "loads is null");
    this.pushes = requireNonNull(pushes, "pushes is null");
  }

  /**
   * Event times whose rows are made anew, with their bounds' values.
   *
   * @param from the first one; empty: no bound
   * @param to the first one after it; empty: no bound
   */
  public record Range(Optional<Scalar> from, Optional<Scalar> to) {
    public static final Range ALL = new Range(Optional.empty(), Optional.empty());

    boolean isBounded() {
      return from.isPresent() || to.isPresent();
    }

    List<Scalar> values() {
      List<Scalar> values = new ArrayList<>();
      from.ifPresent(values::add);
      to.ifPresent(values::add);
      return values;
    }
  }

  public List<Metric> metrics() {
    return metrics.all();
  }

  /** What would be done. */
  public List<String> explain(FeatureView view, String user, boolean full, boolean range) {
    return planner.plan(view, user, want(full, range)).explanation();
  }

  private static Want want(boolean full, boolean range) {
    return range ? Want.RANGE : full ? Want.FULL : Want.WHATEVER_IT_TAKES;
  }

  /**
   * Brings the view's table up to date, and what is online of it.
   *
   * @return rows written
   */
  public long refresh(FeatureView view, StatementContext context, boolean full, Range range) {
    Runs.Subject subject =
        new Runs.Subject(
            "refresh_feature_view",
            view.toString(),
            context.caller().user(),
            Optional.of(context.queryId()));
    return home.gate(view.toString())
        .writing(
            () ->
                services
                    .runs()
                    .record(subject, progress -> refresh(view, context, full, range, progress)));
  }

  private long refresh(
      FeatureView view, StatementContext context, boolean full, Range range, Progress progress) {
    // What was pushed is in the view's table before all of it is made anew.
    if (tables.isRefreshed(view) && home.isInUse() && online.byId(view.toString()).isPresent()) {
      pushes.fold(view.toString());
    }
    RefreshPlan plan = planner.plan(view, context.caller().user(), want(full, range.isBounded()));
    progress.detail(plan.explanation().getLast().strip());
    Written written = run(plan, context, range);
    progress.add(written.rows());
    metrics.done(plan.way(), written.rows());
    services.namesChanged();
    online.byId(view.toString()).ifPresent(served -> show(served, plan, written, context));
    return written.rows();
  }

  /**
   * What a refresh did.
   *
   * @param rows that it wrote
   * @param everything whether any row of the view may be another one now
   * @param keys otherwise: those whose rows were made anew; without any, rows were only added
   */
  private record Written(long rows, boolean everything, Optional<ChangedKeys> keys) {
    static Written everything(long rows) {
      return new Written(rows, true, Optional.empty());
    }

    static Written added(long rows) {
      return new Written(rows, false, Optional.empty());
    }

    static Written keys(long rows, ChangedKeys keys) {
      return new Written(rows, false, Optional.of(keys));
    }
  }

  private Written run(RefreshPlan plan, StatementContext context, Range range) {
    RefreshSql sql = sql(plan.view());
    return switch (plan.way()) {
      case Way.Nothing ignored -> Written.added(0);
      case Way.Full ignored -> full(plan, sql, context);
      case Way.Append append ->
          Written.added(
              append(plan, append.change().added().map(append.change()::only), sql, context));
      case Way.ByKeys by -> byKeys(plan, by, sql, context);
      case Way.Range ignored -> {
        List<Scalar> values = new ArrayList<>();
        for (int i = 0; i < (sql.pushed().isPresent() ? 3 : 2); i++) {
          values.addAll(range.values());
        }
        yield Written.everything(
            context.execute(
                scope(plan, Map.of()),
                SqlQuery.of(sql.mergeRange(range.from().isPresent(), range.to().isPresent())),
                values));
      }
    };
  }

  private Written full(RefreshPlan plan, RefreshSql sql, StatementContext context) {
    return Written.everything(
        context.execute(scope(plan, Map.of()), SqlQuery.of(sql.overwrite()), List.of()));
  }

  /**
   * @param tables of the rows that are new; empty: there are none, but it is noted what is covered
   */
  private long append(
      RefreshPlan plan,
      Optional<Map<TableName, Table>> tables,
      RefreshSql sql,
      StatementContext context) {
    String rows = sql.append() + (tables.isEmpty() ? " WHERE FALSE" : "");
    return context.execute(scope(plan, tables.orElse(Map.of())), SqlQuery.of(rows), List.of());
  }

  private Written byKeys(
      RefreshPlan plan, Way.ByKeys by, RefreshSql sql, StatementContext context) {
    ChangedKeys.Collector collector = new ChangedKeys.Collector();
    for (Optional<Table> files : List.of(by.change().added(), by.change().gone())) {
      if (files.isPresent()) {
        Scope scope = scope(plan, by.change().only(files.get()));
        ArrowReader keys = context.query(scope, SqlQuery.of(sql.keys(by.keys())), List.of());
        if (!collector.add(keys)) {
          return full(plan, sql, context);
        }
      }
    }
    Optional<ChangedKeys> keys = collector.all();
    if (keys.isEmpty()) {
      return Written.added(append(plan, Optional.empty(), sql, context));
    }
    TableName name = keysTable(plan.view());
    long rows =
        context.execute(
            scope(plan, Map.of(name, keys.get())),
            SqlQuery.of(sql.mergeKeys(by.keys(), name, keys.get().withNulls())),
            List.of(Scalar.of(CanonicalTypes.BOOL, true)));
    return Written.keys(rows, keys.get());
  }

  private static TableName keysTable(FeatureView view) {
    return view.name().beside(KEYS);
  }

  /** The sources as they were planned, some of them replaced. */
  private static Scope scope(RefreshPlan plan, Map<TableName, Table> instead) {
    Map<TableName, Table> all = new HashMap<>(plan.sources());
    all.put(plan.view().table(), plan.target());
    all.putAll(instead);
    FeatureView.Definition definition = plan.view().definition();
    return new Scope(
        definition.catalog(),
        definition.schema(),
        all,
        ViewTables.owner(plan.view()),
        Map.of(ViewTables.REFRESH, Json.of(plan.covers())));
  }

  private Optional<TableName> pushed(FeatureView view) {
    TableName name = OnlineView.pushedTable(view.name(), view.reference());
    return Optional.of(name).filter(table -> tables.stored(table).isPresent());
  }

  /**
   * Rows that were only added go online one by one, and so do keys whose rows were made anew;
   * otherwise the online table is made anew.
   */
  private void show(OnlineView view, RefreshPlan plan, Written written, StatementContext context) {
    if (!home.isOpen() || plan.way() instanceof Way.Nothing) {
      return;
    }
    SnapshotTable now = (SnapshotTable) tables.stored(view.table()).orElseThrow();
    if (plan.way() instanceof Way.ByKeys by && written.keys().isPresent()) {
      RefreshSql sql = sql(plan.view());
      if (sql.tellsPrimaryKey(by.keys())) {
        TableName keys = keysTable(plan.view());
        SqlQuery rows = SqlQuery.of(sql.rowsOfKeys(by.keys(), keys));
        Scope scope = over(view, Map.of(view.table(), now, keys, written.keys().get()));
        loads.replace(view, plan.target(), now, () -> context.query(scope, rows, List.of()));
      } else {
        loads.reload(view);
      }
    } else if (written.everything()) {
      loads.reload(view);
    } else {
      Optional<Table> added = now.filesBeyond(plan.target());
      SqlQuery rows =
          SqlQuery.of("SELECT * FROM " + view.quoted() + (added.isEmpty() ? " WHERE FALSE" : ""));
      Scope scope = over(view, Map.of(view.table(), added.orElse(now)));
      loads.add(view, plan.target(), now, () -> context.query(scope, rows, List.of()));
    }
  }

  private static Scope over(OnlineView view, Map<TableName, Table> tables) {
    return new Scope(view.table().catalog(), view.table().schema(), tables);
  }

  private RefreshSql sql(FeatureView view) {
    return new RefreshSql(view, pushed(view));
  }
}
