package dev.kelda.executor.statement;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.extension.Extensions;
import dev.kelda.executor.extension.ModuleQueries;
import dev.kelda.executor.extension.SessionCaller;
import dev.kelda.parser.Statement;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.QueryShortcut;
import dev.kelda.spi.extension.StatementPlan;
import java.util.Optional;

/** Queries that a module answers past the planner. */
record Shortcuts(Extensions extensions, ModuleQueries queries) {
  Shortcuts {
    requireNonNull(extensions, "extensions is null");
    requireNonNull(queries, "queries is null");
  }

  /** The answer of the first module that knows the query's shape. */
  Optional<Action> find(Statement.Query query, Request request) {
    for (QueryShortcut<?> shortcut : extensions.shortcuts()) {
      Optional<StatementPlan.Rows> plan =
          plan(shortcut, query, new SessionCaller(request.session()));
      if (plan.isPresent()) {
        return plan.map(rows -> ModuleStatementHandler.rows(rows, queries));
      }
    }
    return Optional.empty();
  }

  private static <Q> Optional<StatementPlan.Rows> plan(
      QueryShortcut<Q> shortcut, Statement.Query query, Caller caller) {
    return shortcut.query().isInstance(query)
        ? shortcut.plan(shortcut.query().cast(query), caller)
        : Optional.empty();
  }
}
