package dev.kelda.executor.statement;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.extension.ModuleQueries;
import dev.kelda.executor.extension.RunningStatement;
import dev.kelda.executor.extension.SessionCaller;
import dev.kelda.executor.run.Outcome;
import dev.kelda.executor.run.Parameters;
import dev.kelda.parser.SqlText;
import dev.kelda.parser.Statement;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.SqlQuery;
import dev.kelda.spi.extension.StatementPlan;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** A module's handler among the engine's. */
public record ModuleStatementHandler<S extends Statement>(
    Class<S> statement,
    dev.kelda.spi.extension.StatementHandler<S> handler,
    Handlers handlers,
    ModuleQueries queries)
    implements StatementHandler<S> {
  public ModuleStatementHandler {
    requireNonNull(statement, "statement is null");
    requireNonNull(handler, "handler is null");
    requireNonNull(handlers, "handlers is null");
    requireNonNull(queries, "queries is null");
  }

  /**
   * @throws IllegalStateException when the handler is for no record of the parser
   */
  static ModuleStatementHandler<?> of(
      dev.kelda.spi.extension.StatementHandler<?> handler,
      Handlers handlers,
      ModuleQueries queries) {
    if (!Statement.Extension.class.isAssignableFrom(handler.statement())) {
      throw new IllegalStateException(
          handler.statement() + " is no statement that a module may run");
    }
    return typed(handler, handlers, queries);
  }

  @SuppressWarnings("unchecked") // checked above
  private static <S extends Statement> ModuleStatementHandler<S> typed(
      dev.kelda.spi.extension.StatementHandler<?> handler,
      Handlers handlers,
      ModuleQueries queries) {
    return new ModuleStatementHandler<>(
        (Class<S>) handler.statement(),
        (dev.kelda.spi.extension.StatementHandler<S>) handler,
        handlers,
        queries);
  }

  @Override
  public Action prepare(S statement, Request request) {
    return switch (handler.plan(statement, new SessionCaller(request.session()))) {
      case StatementPlan.Query plan -> query(plan.query(), request);
      case StatementPlan.Rows plan -> rows(plan, queries);
      case StatementPlan.Update plan ->
          action(
              Optional.empty(),
              plan.parameters(),
              plan.explanation(),
              Optional.empty(),
              (execution, parameters) -> {
                execution.running();
                return new Outcome.Updated(
                    plan.work()
                        .run(
                            new RunningStatement(execution, queries),
                            Parameters.coerce(plan.parameters(), parameters)));
              });
    };
  }

  /** Rows that a module makes, as an action. */
  static Action rows(StatementPlan.Rows plan, ModuleQueries queries) {
    return action(
        Optional.of(plan.schema()),
        plan.parameters(),
        plan.explanation(),
        plan.version(),
        (execution, parameters) -> {
          execution.running();
          return new Outcome.Rows(
              plan.work()
                  .open(
                      new RunningStatement(execution, queries),
                      Parameters.coerce(plan.parameters(), parameters)));
        });
  }

  private static Action action(
      Optional<Schema> rows,
      List<Field> parameters,
      Supplier<List<String>> explanation,
      Optional<Supplier<String>> version,
      Action.Work work) {
    Optional<String> planned = version.map(Supplier::get);
    return new Action(
        rows,
        Optional.empty(),
        parameters,
        version.isPresent(),
        work,
        Optional.of(explanation),
        () -> version.map(Supplier::get).equals(planned));
  }

  private Action query(SqlQuery query, Request request) {
    try {
      return handlers.prepare(SqlText.parse(query.text()), request);
    } catch (KeldaException e) {
      throw shifted(e, query);
    }
  }

  /** The error as seen from the beginning of what the user wrote. */
  public static KeldaException shifted(KeldaException e, SqlQuery query) {
    return new KeldaException(
        e.code(),
        e.getMessage(),
        e.position().map(p -> EngineServices.shifted(p, query.position())),
        e.getCause());
  }
}
