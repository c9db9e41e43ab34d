package dev.kelda.executor.statement;

import dev.kelda.executor.Session;
import dev.kelda.parser.Statement;

/** {@code RESET name}, {@code RESET ALL}. */
record ResetOptionHandler() implements StatementHandler<Statement.ResetOption> {
  @Override
  public Class<Statement.ResetOption> statement() {
    return Statement.ResetOption.class;
  }

  @Override
  public Action prepare(Statement.ResetOption statement, Request request) {
    Session session = request.session();
    if (statement.name().isEmpty()) {
      return Action.update(session::resetAll);
    }
    String name = statement.name().get();
    Positioned.at(statement.position(), () -> session.settings().text(name)); // only checks
    return Action.update(() -> session.reset(name));
  }
}
