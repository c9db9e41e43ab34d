/**
 * In: the condition directly above a scan. Out: the part of it that a source can understand, as
 * {@link dev.kelda.spi.connector.Predicate}s over the table's row.
 *
 * <p>Invariant: a predicate is implied by the condition it came from; it equals it exactly unless
 * it is marked otherwise.
 */
package dev.kelda.planner.pushdown;
