/**
 * The metastore over JDBC: SQLite in the home folder, or PostgreSQL.
 *
 * <pre>
 * MetastoreConfig --open--> JdbcMetastore --migrate(module, scripts)--> Flyway, a history per module
 *                                         --transaction(work)---------> a pooled connection
 * </pre>
 *
 * Invariants: nothing is opened before it is needed; a transaction is committed or undone as a
 * whole; in SQLite writers take their turn from the beginning of a transaction, so that none fails
 * half-way.
 */
package dev.kelda.executor.metastore;
