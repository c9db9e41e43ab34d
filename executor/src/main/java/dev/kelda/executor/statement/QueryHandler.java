package dev.kelda.executor.statement;

import dev.kelda.executor.run.Outcome;
import dev.kelda.executor.run.PlannedQuery;
import dev.kelda.parser.Statement;
import java.util.Optional;

/** SELECT and its kin. */
record QueryHandler(Services services, Shortcuts shortcuts)
    implements StatementHandler<Statement.Query> {
  @Override
  public Class<Statement.Query> statement() {
    return Statement.Query.class;
  }

  @Override
  public Action prepare(Statement.Query statement, Request request) {
    return shortcuts.find(statement, request).orElseGet(() -> planned(statement, request));
  }

  private Action planned(Statement.Query statement, Request request) {
    PlannedQuery query = services.planning().query(statement.query(), request);
    return new Action(
        Optional.of(query.plan().outputSchema()),
        Optional.of(query),
        query.plan().parameterTypes(),
        true,
        (execution, parameters) ->
            new Outcome.Rows(services.runner().rows(execution, query, parameters)));
  }
}
