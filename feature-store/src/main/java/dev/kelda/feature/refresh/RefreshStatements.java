package dev.kelda.feature.refresh;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.registry.FeatureView;
import dev.kelda.feature.registry.FeatureViewRegistry;
import dev.kelda.feature.registry.ViewTables;
import dev.kelda.feature.statement.FeatureViewStatements;
import dev.kelda.feature.statement.Statements;
import dev.kelda.parser.FeatureViewStatement.RefreshFeatureView;
import dev.kelda.parser.Name;
import dev.kelda.parser.Positions;
import dev.kelda.planner.validate.FunctionArguments;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.EngineServices.TableName;
import dev.kelda.spi.extension.StatementContext;
import dev.kelda.spi.extension.StatementHandler;
import dev.kelda.spi.extension.StatementPlan;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlNode;

/** {@code REFRESH FEATURE VIEW}. */
public final class RefreshStatements {
  private final EngineServices services;
  private final FeatureViewRegistry registry;
  private final ViewTables tables;
  private final Refreshes refreshes;

  public RefreshStatements(
      EngineServices services,
      FeatureViewRegistry registry,
      ViewTables tables,
      Refreshes refreshes) {
    this.services = requireNonNull(services, "services is null");
    this.registry = requireNonNull(registry, "registry is null");
    this.tables = requireNonNull(tables, "tables is null");
    this.refreshes = requireNonNull(refreshes, "refreshes is null");
  }

  public StatementHandler<?> handler() {
    return StatementHandler.of(RefreshFeatureView.class, this::refresh);
  }

  private StatementPlan refresh(RefreshFeatureView statement, Caller caller) {
    boolean range = statement.from().isPresent() || statement.to().isPresent();
    if (range && statement.full()) {
      throw Statements.at(
          ErrorCode.INVALID_STATEMENT,
          "FULL makes every row anew; leave it out for a range",
          position(statement.from().or(statement::to).orElseThrow()));
    }
    List<FeatureView> views = views(statement.name(), caller);
    Field time = Field.nullable("?", CanonicalTypes.TIMESTAMP);
    return new StatementPlan.Update(
        Collections.nCopies(statement.parameterCount(), time),
        () ->
            views.stream()
                .flatMap(v -> refreshes.explain(v, caller.user(), statement.full(), range).stream())
                .toList(),
        (context, parameters) -> {
          if (statement.name().isEmpty()) {
            return all(views, context, statement.full());
          }
          FeatureView view = views.getFirst();
          Refreshes.Range of =
              new Refreshes.Range(
                  statement.from().map(n -> time(n, view, parameters)),
                  statement.to().map(n -> time(n, view, parameters)));
          return refreshes.refresh(view, context, statement.full(), of);
        });
  }

  /**
   * One after the other. Those that can be refreshed are, whatever becomes of the others.
   *
   * @throws KeldaException the first failure, with what else has failed and was left out
   */
  private long all(List<FeatureView> views, StatementContext context, boolean full) {
    long rows = 0;
    Optional<KeldaException> first = Optional.empty();
    Set<TableName> failed = new LinkedHashSet<>();
    for (FeatureView view : views) {
      if (!Collections.disjoint(view.definition().sources(), failed)) {
        failed.add(view.name());
        continue;
      }
      try {
        rows += refreshes.refresh(view, context, full, Refreshes.Range.ALL);
      } catch (KeldaException e) {
        if (e.code() == ErrorCode.CANCELLED || e.code() == ErrorCode.SHUTTING_DOWN) {
          throw e;
        }
        failed.add(view.name());
        first = first.or(() -> Optional.of(e));
      }
    }
    if (first.isPresent()) {
      KeldaException e = first.get();
      String others =
          failed.stream().skip(1).map(TableName::toString).collect(Collectors.joining(", "));
      throw new KeldaException(
          e.code(),
          e.getMessage() + (others.isEmpty() ? "" : "; also not refreshed: " + others),
          e);
    }
    return rows;
  }

  private List<FeatureView> views(Optional<Name> name, Caller caller) {
    if (name.isEmpty()) {
      Predicate<TableName> here = Statements.in(services, caller, Optional.empty());
      return ordered(
          registry.all().stream()
              .filter(v -> v.current() && v.options().materialized() && here.test(v.name()))
              .toList());
    }
    TableName full = Statements.fullName(services, caller, name.get());
    List<FeatureView> found = new ArrayList<>();
    Statements.positioned(
        name.get(),
        () ->
            found.add(
                tables
                    .find(full)
                    .orElseThrow(() -> FeatureViewStatements.missing(full, registry))));
    return found;
  }

  /** Each after those that it reads. */
  private static List<FeatureView> ordered(List<FeatureView> views) {
    List<FeatureView> left = new ArrayList<>(views);
    List<FeatureView> ordered = new ArrayList<>();
    while (!left.isEmpty()) {
      Set<TableName> waiting = new HashSet<>();
      left.forEach(view -> waiting.add(view.name()));
      List<FeatureView> next =
          left.stream()
              .filter(view -> Collections.disjoint(view.definition().sources(), waiting))
              .toList();
      if (next.isEmpty()) {
        throw new IllegalStateException("feature views read each other: " + left);
      }
      ordered.addAll(next);
      left.removeAll(next);
    }
    return ordered;
  }

  /** A bound, in the type of the event time. */
  private static Scalar time(SqlNode node, FeatureView view, List<Scalar> parameters) {
    Scalar given =
        node instanceof SqlDynamicParam parameter
            ? parameters.get(parameter.getIndex())
            : FunctionArguments.constant(node);
    if (!(given.type() instanceof ArrowType.Timestamp) || given.value().isEmpty()) {
      throw Statements.at(
          ErrorCode.INVALID_ARGUMENT,
          "FROM and TO take a TIMESTAMP or a parameter",
          position(node));
    }
    return given;
  }

  private static dev.kelda.spi.error.TextPosition position(SqlNode node) {
    return Positions.start(node.getParserPosition())
        .orElse(new dev.kelda.spi.error.TextPosition(1, 1));
  }
}
