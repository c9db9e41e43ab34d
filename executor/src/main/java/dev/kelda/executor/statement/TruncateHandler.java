package dev.kelda.executor.statement;

import dev.kelda.parser.Name;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.WritableConnector;
import java.util.Optional;

/** {@code TRUNCATE [TABLE] name}. */
record TruncateHandler(Services services) implements StatementHandler<Statement.Truncate> {
  @Override
  public Class<Statement.Truncate> statement() {
    return Statement.Truncate.class;
  }

  @Override
  public Action prepare(Statement.Truncate statement, Request request) {
    Name name = statement.table();
    TableReference table = request.catalog().table(name.parts(), Optional.of(name.position()));
    table.requireOwn(Optional.of(name.position()));
    WritableConnector connector =
        Targets.writable(request.catalog().catalog(table.catalog(), Optional.empty()));
    return Action.update(() -> connector.truncate(table.schema(), table.name()));
  }
}
