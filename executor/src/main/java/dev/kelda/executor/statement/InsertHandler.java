package dev.kelda.executor.statement;

import dev.kelda.executor.run.Outcome;
import dev.kelda.executor.run.PlannedQuery;
import dev.kelda.parser.Name;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.connector.WritableConnector;
import java.util.Optional;

/** {@code INSERT INTO table [(columns)] query}. */
record InsertHandler(Services services) implements StatementHandler<Statement.Insert> {
  @Override
  public Class<Statement.Insert> statement() {
    return Statement.Insert.class;
  }

  @Override
  public Action prepare(Statement.Insert statement, Request request) {
    Name name = statement.target();
    TableReference target =
        Targets.table(request.catalog().table(name.parts(), Optional.of(name.position())), name);
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
          TableWrite write = connector.insert(target.schema(), target.name());
          return new Outcome.Updated(services.runner().write(execution, query, parameters, write));
        });
  }
}
