package dev.kelda.executor.statement;

import dev.kelda.executor.Session;
import dev.kelda.parser.Statement;

/** {@code SET name = value}. */
record SetOptionHandler() implements StatementHandler<Statement.SetOption> {
  @Override
  public Class<Statement.SetOption> statement() {
    return Statement.SetOption.class;
  }

  @Override
  public Action prepare(Statement.SetOption statement, Request request) {
    Session session = request.session();
    Positioned.at(
        statement.position(),
        () -> session.settings().with(statement.name(), statement.value())); // only checks
    return Action.update(() -> session.set(statement.name(), statement.value()));
  }
}
