/**
 * What can be said of a query without running it.
 *
 * <pre>
 * SqlNode --validate, convert--> RelNode --Lineage, UnstableCalls--> QueryAnalysis
 * </pre>
 *
 * Invariants: nothing is optimised first, so that every column and call is as it was written; what
 * is not known is answered by the wider set.
 */
package dev.kelda.planner.analysis;
