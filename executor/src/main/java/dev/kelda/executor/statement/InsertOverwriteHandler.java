package dev.kelda.executor.statement;

import dev.kelda.executor.run.Outcome;
import dev.kelda.executor.run.PlannedQuery;
import dev.kelda.parser.Name;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.connector.WritableConnector;
import java.util.Optional;

/** {@code INSERT OVERWRITE table [(columns)] query}. */
record InsertOverwriteHandler(Services services)
    implements StatementHandler<Statement.InsertOverwrite> {
  @Override
  public Class<Statement.InsertOverwrite> statement() {
    return Statement.InsertOverwrite.class;
  }

  @Override
  public Action prepare(Statement.InsertOverwrite statement, Request request) {
    Name name = statement.target();
    TableReference target = request.catalog().table(name.parts(), Optional.of(name.position()));
    WritableConnector connector =
        Targets.writable(request.catalog().catalog(target.catalog(), Optional.empty()));
    PlannedQuery query =
        services
            .planning()
            .insert(
                statement.source(),
                target,
                statement.columns().stream().map(Name::last).toList(),
                request);
    return Action.write(
        query,
        (execution, parameters) -> {
          TableWrite write = connector.overwrite(target.schema(), target.name(), target.table());
          return new Outcome.Updated(services.runner().write(execution, query, parameters, write));
        });
  }
}
