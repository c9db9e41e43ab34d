package dev.kelda.executor.statement;

import dev.kelda.parser.Statement;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;

/** {@code CANCEL QUERY 'id'}. */
record CancelQueryHandler(Services services) implements StatementHandler<Statement.CancelQuery> {
  @Override
  public Class<Statement.CancelQuery> statement() {
    return Statement.CancelQuery.class;
  }

  @Override
  public Action prepare(Statement.CancelQuery statement, Request request) {
    return Action.update(
        () -> {
          if (!services.executions().cancel(statement.queryId())) {
            throw new KeldaException(
                ErrorCode.QUERY_NOT_FOUND,
                "no query '%s' is running".formatted(statement.queryId()),
                statement.position());
          }
        });
  }
}
