package dev.kelda.spi.extension;

import static java.util.Objects.requireNonNull;

import java.util.function.BiFunction;

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

  /**
   * A handler whose work is a function, such as a method of the class that knows the statements.
   */
  static <S> StatementHandler<S> of(Class<S> statement, BiFunction<S, Caller, StatementPlan> plan) {
    requireNonNull(statement, "statement is null");
    requireNonNull(plan, "plan is null");
    return new StatementHandler<>() {
      @Override
      public Class<S> statement() {
        return statement;
      }

      @Override
      public StatementPlan plan(S s, Caller caller) {
        return plan.apply(s, caller);
      }
    };
  }
}
