package dev.kelda.spi.extension;

/**
 * What runs one kind of statement.
 *
 * @param <S> the record that the parser makes of it
 */
public interface StatementHandler<S> {
  /** The record this handler is for; no other handler may be for it. */
  Class<S> statement();

  /** Checks the statement and plans it; changes nothing. */
  StatementPlan plan(S statement, Caller caller);
}
