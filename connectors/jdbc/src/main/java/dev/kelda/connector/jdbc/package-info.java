/**
 * PostgreSQL, SQLite and DuckDB databases as catalogs, read only.
 *
 * <pre>
 * name --Dialect.columns--> JdbcTable --scan(conjuncts)--> JdbcScan --open--> SELECT … WHERE … ? --JdbcReader--> batches
 * </pre>
 *
 * Invariants: a condition is sent only when the database decides it exactly as Kelda does; values
 * travel as bind parameters, identifiers quoted; URLs are taken apart and built anew; no message
 * carries a secret.
 */
package dev.kelda.connector.jdbc;
