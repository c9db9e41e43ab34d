package dev.kelda.executor.statement;

import dev.kelda.executor.run.Outcome;
import dev.kelda.parser.Statement;
import dev.kelda.spi.rows.Columns;
import java.util.List;

/** {@code SHOW setting}. */
record ShowOptionHandler() implements StatementHandler<Statement.ShowOption> {
  @Override
  public Class<Statement.ShowOption> statement() {
    return Statement.ShowOption.class;
  }

  @Override
  public Action prepare(Statement.ShowOption statement, Request request) {
    String name = statement.name();
    Positioned.at(statement.position(), () -> request.session().settings().text(name));
    Columns<String> columns = Columns.of(String.class).text(name, value -> value);
    return Action.rows(
        columns.schema(),
        execution -> {
          execution.running();
          String value = execution.session().settings().text(name);
          return new Outcome.Rows(columns.reader(execution.allocator(), List.of(value)));
        });
  }
}
