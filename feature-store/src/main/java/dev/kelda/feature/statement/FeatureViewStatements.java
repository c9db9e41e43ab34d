package dev.kelda.feature.statement;

import static dev.kelda.feature.statement.Statements.at;
import static dev.kelda.feature.statement.Statements.fullName;
import static dev.kelda.feature.statement.Statements.positioned;
import static dev.kelda.feature.statement.Statements.rows;
import static dev.kelda.feature.statement.Statements.update;
import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import dev.kelda.feature.registry.FeatureView;
import dev.kelda.feature.registry.FeatureView.Definition;
import dev.kelda.feature.registry.FeatureViewRegistry;
import dev.kelda.feature.registry.FeatureViewRegistry.Reference;
import dev.kelda.feature.registry.ViewOptions;
import dev.kelda.feature.registry.ViewTables;
import dev.kelda.parser.FeatureViewStatement.AlterFeatureView;
import dev.kelda.parser.FeatureViewStatement.AlterFeatureView.Action;
import dev.kelda.parser.FeatureViewStatement.CreateFeatureView;
import dev.kelda.parser.FeatureViewStatement.DescribeFeatureView;
import dev.kelda.parser.FeatureViewStatement.DropFeatureView;
import dev.kelda.parser.FeatureViewStatement.ShowFeatureViews;
import dev.kelda.planner.catalog.Names;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.EngineServices.TableName;
import dev.kelda.spi.extension.LikePattern;
import dev.kelda.spi.extension.QueryAnalysis;
import dev.kelda.spi.extension.SqlQuery;
import dev.kelda.spi.extension.StatementHandler;
import dev.kelda.spi.extension.StatementPlan;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** CREATE, ALTER, DROP, SHOW and DESCRIBE FEATURE VIEW. */
public final class FeatureViewStatements {
  private final EngineServices services;
  private final FeatureViewRegistry registry;
  private final ViewTables tables;

  public FeatureViewStatements(
      EngineServices services, FeatureViewRegistry registry, ViewTables tables) {
    this.services = requireNonNull(services, "services is null");
    this.registry = requireNonNull(registry, "registry is null");
    this.tables = requireNonNull(tables, "tables is null");
  }

  public List<StatementHandler<?>> handlers() {
    return List.of(
        StatementHandler.of(CreateFeatureView.class, this::create),
        StatementHandler.of(AlterFeatureView.class, this::alter),
        StatementHandler.of(DropFeatureView.class, this::drop),
        StatementHandler.of(ShowFeatureViews.class, this::show),
        StatementHandler.of(DescribeFeatureView.class, this::describe));
  }

  private StatementPlan create(CreateFeatureView statement, Caller caller) {
    TableName name = fullName(services, caller, statement.name());
    if (name.name().contains("@")) {
      throw at(
          ErrorCode.INVALID_ARGUMENT,
          "a feature view's name has no @; that is for its versions: " + statement.name(),
          statement.name().position());
    }
    positioned(statement.name(), () -> tables.connector(name));
    ViewOptions options =
        ViewOptions.initial(statement.timeToLive(), caller.user())
            .with(statement.properties(), statement.name().position());
    QueryAnalysis query =
        services.analyze(caller, new SqlQuery(statement.sql(), statement.queryAt()));
    Definition definition = Definitions.of(statement, name, query, caller);
    FeatureView draft =
        new FeatureView(name, 0, false, definition, options, Instant.now(), caller.user());
    return update(
        explanation(draft),
        () ->
            positioned(
                statement.name(),
                () -> {
                  boolean exists = tables.find(name).isPresent();
                  if (exists && statement.ifNotExists() && !statement.orReplace()) {
                    return;
                  }
                  if (exists && !statement.orReplace()) {
                    throw new KeldaException(
                        ErrorCode.TABLE_EXISTS,
                        "feature view \"%s\" exists already; CREATE OR REPLACE FEATURE VIEW adds a version"
                            .formatted(name.name()));
                  }
                  tables.create(draft);
                }));
  }

  private static List<String> explanation(FeatureView draft) {
    List<String> lines = new ArrayList<>();
    lines.add("Create feature view " + draft.name());
    lines.add(
        "  "
            + (draft.options().materialized()
                ? "read as its query until the first REFRESH, then from its table"
                : "always read as its query"));
    draft
        .definition()
        .columns()
        .getFields()
        .forEach(column -> lines.add("  " + DescribedColumn.of(draft, column)));
    return lines;
  }

  private StatementPlan alter(AlterFeatureView statement, Caller caller) {
    TableName name = fullName(services, caller, statement.name());
    return update(
        List.of("Alter feature view " + name),
        () ->
            positioned(
                statement.name(),
                () ->
                    find(name, statement.ifExists())
                        .ifPresent(
                            view -> {
                              tables.setOptions(view, changed(view, statement));
                              services.namesChanged();
                            })));
  }

  private static ViewOptions changed(FeatureView view, AlterFeatureView statement) {
    ViewOptions before = view.options();
    ViewOptions after =
        switch (statement.action()) {
          case Action.SetProperties set ->
              before.with(set.properties(), statement.name().position());
          case Action.UnsetProperties unset ->
              before.without(unset.keys(), statement.name().position());
          case Action.SetTimeToLive set -> before.withTimeToLive(set.timeToLive());
        };
    if (after.materialized() != before.materialized()) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "whether a version is materialized does not change; CREATE OR REPLACE FEATURE VIEW makes another");
    }
    return after;
  }

  private StatementPlan drop(DropFeatureView statement, Caller caller) {
    TableName name = fullName(services, caller, statement.name());
    return update(
        List.of("Drop feature view " + name),
        () ->
            positioned(
                statement.name(),
                () ->
                    find(name, statement.ifExists())
                        .ifPresent(view -> drop(view, name, statement.cascade()))));
  }

  private void drop(FeatureView view, TableName name, boolean cascade) {
    boolean one = Reference.of(name).version().isPresent();
    List<FeatureView> versions = registry.versions(view.name());
    if (one && view.current() && versions.size() > 1) {
      throw new KeldaException(
          ErrorCode.INVALID_STATEMENT,
          "version %d of feature view \"%s\" is the current one; older versions can be dropped, or the whole view"
              .formatted(view.version(), view.name().name()));
    }
    List<FeatureView> gone = one ? List.of(view) : versions;
    List<FeatureView> readers = readers(gone);
    if (!readers.isEmpty() && !cascade) {
      throw new KeldaException(
          ErrorCode.INVALID_STATEMENT,
          "feature view \"%s\" is read by %s; DROP … CASCADE drops them too"
              .formatted(
                  name.name(),
                  readers.stream().map(FeatureView::reference).collect(joining(", "))));
    }
    readers.forEach(reader -> tables.find(reader.name()).ifPresent(r -> drop(r, r.name(), true)));
    tables.drop(gone);
    services.namesChanged();
  }

  /** Versions of other views whose queries name one of these. */
  private List<FeatureView> readers(List<FeatureView> read) {
    List<TableName> names = new ArrayList<>();
    for (FeatureView view : read) {
      names.add(view.name().beside(view.reference()));
      if (view.current()) {
        names.add(view.name());
      }
    }
    return registry.all().stream()
        .filter(view -> !view.name().equals(read.getFirst().name()))
        .filter(view -> view.definition().sources().stream().anyMatch(names::contains))
        .toList();
  }

  private StatementPlan show(ShowFeatureViews statement, Caller caller) {
    Predicate<TableName> in = Statements.in(services, caller, statement.in());
    Predicate<String> like = LikePattern.of(statement.like());
    return rows(
        "Show feature views",
        DescribedView.COLUMNS,
        () ->
            registry.all().stream()
                .filter(FeatureView::current)
                .filter(view -> in.test(view.name()) && like.test(view.name().name()))
                .map(view -> DescribedView.of(view, tables))
                .toList());
  }

  private StatementPlan describe(DescribeFeatureView statement, Caller caller) {
    TableName name = fullName(services, caller, statement.name());
    return rows(
        "Describe feature view " + name,
        DescribedColumn.COLUMNS,
        () -> {
          List<DescribedColumn> columns = new ArrayList<>();
          positioned(
              statement.name(),
              () -> columns.addAll(DescribedColumn.of(find(name, false).orElseThrow())));
          return columns;
        });
  }

  /**
   * @throws KeldaException TABLE_NOT_FOUND unless it may be missing
   */
  private Optional<FeatureView> find(TableName name, boolean ifExists) {
    Optional<FeatureView> found = tables.find(name);
    if (found.isEmpty() && !ifExists) {
      throw missing(name, registry);
    }
    return found;
  }

  /** That there is no such view, with names that are near. */
  public static KeldaException missing(TableName name, FeatureViewRegistry registry) {
    List<FeatureView> versions = registry.versions(Reference.of(name).view());
    String hint =
        versions.isEmpty()
            ? Names.suggestion(
                name.name(), registry.all().stream().map(view -> view.name().name()).toList())
            : "; its versions are "
                + versions.stream().map(v -> Long.toString(v.version())).collect(joining(", "));
    return new KeldaException(
        ErrorCode.TABLE_NOT_FOUND,
        "there is no feature view \"%s\"%s".formatted(name.name(), hint));
  }
}
