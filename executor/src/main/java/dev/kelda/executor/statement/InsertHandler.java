package dev.kelda.executor.statement;

import dev.kelda.parser.Statement;

/** {@code INSERT INTO table [(columns)] query}. */
record InsertHandler(Services services) implements StatementHandler<Statement.Insert> {
  @Override
  public Class<Statement.Insert> statement() {
    return Statement.Insert.class;
  }

  @Override
  public Action prepare(Statement.Insert statement, Request request) {
    return TableInsert.into(
        statement.target(),
        statement.columns(),
        statement.source(),
        services,
        request,
        (connector, target) -> connector.insert(target.schema(), target.name()));
  }
}
