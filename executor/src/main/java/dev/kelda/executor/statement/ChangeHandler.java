package dev.kelda.executor.statement;

import dev.kelda.executor.run.Outcome;
import dev.kelda.executor.run.PlannedQuery;
import dev.kelda.parser.Name;
import dev.kelda.parser.Statement;
import dev.kelda.planner.ChangePlan;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.ChangeableTable;
import dev.kelda.spi.connector.RowChange;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.Optional;

/** UPDATE, DELETE and MERGE. */
record ChangeHandler(Services services) implements StatementHandler<Statement.Change> {
  @Override
  public Class<Statement.Change> statement() {
    return Statement.Change.class;
  }

  @Override
  public Action prepare(Statement.Change statement, Request request) {
    Name name = statement.target();
    TableReference target = request.catalog().table(name.parts(), Optional.of(name.position()));
    request.requireOwn(target, name);
    if (!(target.table() instanceof ChangeableTable table)) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "rows of \"" + target + "\" cannot be changed; only tables of an Iceberg catalog can",
          name.position());
    }
    RowChange change =
        table.change(
            switch (statement.kind()) {
              case UPDATE -> RowChange.Kind.UPDATE;
              case DELETE -> RowChange.Kind.DELETE;
              case MERGE -> RowChange.Kind.MERGE;
            },
            request.summary());
    ChangePlan plan = services.planning().change(statement, target, change, request);
    return Action.write(
        new PlannedQuery(plan.query()),
        (execution, parameters) ->
            new Outcome.Updated(services.runner().change(execution, plan, parameters, change)));
  }
}
