package dev.kelda.planner;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.Predicate;
import java.util.List;
import java.util.Optional;

/**
 * How rows are changed.
 *
 * @param query its row is the written columns, the carried ones, then file, position and action:
 *     what {@code kelda.plan.Write} takes with {@code changes}
 * @param whole of a DELETE: conjuncts that say exactly which rows go; empty where predicates cannot
 * @param otherReads scans of the target beside the one whose rows change: in sub-queries, in USING
 */
public record ChangePlan(
    QueryPlan query, Optional<List<Predicate>> whole, List<ScanSpec> otherReads) {
  public ChangePlan {
    requireNonNull(query, "query is null");
    whole = whole.map(List::copyOf);
    otherReads = List.copyOf(otherReads);
  }
}
