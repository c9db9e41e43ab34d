/**
 * In: a parsed query and a catalog snapshot. Out: a validated query whose names, types and
 * positions Calcite knows, and then a relational tree.
 *
 * <pre>
 * SqlNode --FromRewriter--> SqlNode (only tables by name) --QueryValidator--> typed --QueryConverter--> RelNode
 * </pre>
 *
 * Invariant: every failure leaves as a KeldaException with a position where there is one ({@link
 * dev.kelda.planner.validate.ValidationErrors}).
 */
package dev.kelda.planner.validate;
