package dev.kelda.executor.statement;

import dev.kelda.parser.Statement;

/** What runs one kind of statement. Stateless and thread-safe. */
public interface StatementHandler<S extends Statement> {
  /** The record this handler is for. */
  Class<S> statement();

  /** Checks and plans the statement; changes nothing. */
  Action prepare(S statement, Request request);
}
