/**
 * One handler per statement. To add a statement: a record in the parser, a {@link
 * dev.kelda.executor.statement.StatementHandler} here, a line in {@link
 * dev.kelda.executor.statement.Handlers}.
 *
 * <pre>
 * Statement --StatementHandler.prepare--> Action (row type, parameters) --run--> Outcome
 * </pre>
 *
 * Invariants: preparing changes nothing; an action may run many times, from several threads.
 */
package dev.kelda.executor.statement;
