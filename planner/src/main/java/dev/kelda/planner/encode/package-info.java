/**
 * In: an optimised relational tree. Out: plan.proto and the scans it reads.
 *
 * <pre>
 * RelEncoder (operators) --> RexEncoder (expressions) --> LiteralEncoder, Types, OperatorIds
 *      '--> ScanEncoder --> pushdown
 * </pre>
 *
 * Invariants: every expression carries its type; an operator without an id, or an expression that
 * the plan cannot hold, is NOT_SUPPORTED here and never reaches the engine.
 */
package dev.kelda.planner.encode;
