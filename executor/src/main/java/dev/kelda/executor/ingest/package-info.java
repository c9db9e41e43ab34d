/**
 * Rows that a client sends, into a table.
 *
 * <pre>
 * ArrowReader --IncomingTable (a Java scan)--> Plan: project to the table's row --> write --> commit
 * </pre>
 *
 * Invariants: columns match by name; nothing is visible unless every row was written.
 */
package dev.kelda.executor.ingest;
