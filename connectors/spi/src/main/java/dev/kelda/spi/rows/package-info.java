/**
 * Arrow batches out of Java objects: system tables, SHOW, DESCRIBE, EXPLAIN, modules' statements.
 *
 * <pre>
 * List of records --Columns.reader--> ArrowReader (fresh buffers per batch)
 * </pre>
 *
 * Invariants: every batch has its own buffers, so that it may be exported; no batch is empty.
 */
package dev.kelda.spi.rows;
