/**
 * One execution, from its admission to its end.
 *
 * <pre>
 * Session, SQL --Executions.run--> Execution (id, allocator, cancel) --Action.run--> Outcome
 * QueryPlan + parameters --NativeRunner--> QueryRequest --bridge--> ArrowReader
 *                                            ^ ScanSources: Table.scan(bound conjuncts)
 * </pre>
 *
 * Invariants: every Execution ends exactly once, whatever failed; its allocator is zero then; an
 * error that leaves is a KeldaException.
 */
package dev.kelda.executor.run;
