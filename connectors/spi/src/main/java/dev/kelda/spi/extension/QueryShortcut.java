package dev.kelda.spi.extension;

import java.util.Optional;

/**
 * Queries of one plain shape that a module answers itself, past the planner and the native engine:
 * lookups by key. Whatever has another shape, or would not give the same rows, is left to the
 * planner.
 *
 * @param <Q> the parser's record of a query
 */
public interface QueryShortcut<Q> {
  Class<Q> query();

  /**
   * Looks at a query and changes neither it nor anything else.
   *
   * @return empty when the planner shall plan it; an error of the query is the planner's to find
   */
  Optional<StatementPlan.Rows> plan(Q query, Caller caller);
}
