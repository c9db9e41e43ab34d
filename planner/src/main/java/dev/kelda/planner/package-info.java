/**
 * In: a parsed query. Out: a {@link dev.kelda.planner.QueryPlan}: plan.proto and the scans it
 * needs.
 *
 * <pre>
 * SqlNode --validate--> typed SqlNode --convert--> RelNode --rules--> RelNode --pushdown, encode--> Plan
 *            ^ catalog (one snapshot per statement)
 * </pre>
 *
 * Invariants: SQL text never leaves this module downwards; every expression of a plan carries its
 * Arrow type; what cannot be encoded is refused here, with a message a user understands; a table is
 * loaded at most once per statement.
 */
package dev.kelda.planner;
