package dev.kelda.executor.statement;

import dev.kelda.parser.Statement;

/** {@code INSERT OVERWRITE table [(columns)] query}. */
record InsertOverwriteHandler(Services services)
    implements StatementHandler<Statement.InsertOverwrite> {
  @Override
  public Class<Statement.InsertOverwrite> statement() {
    return Statement.InsertOverwrite.class;
  }

  @Override
  public Action prepare(Statement.InsertOverwrite statement, Request request) {
    return TableInsert.into(
        statement.target(),
        statement.columns(),
        statement.source(),
        services,
        request,
        (connector, target) ->
            connector.overwrite(target.schema(), target.name(), target.table(), request.summary()));
  }
}
