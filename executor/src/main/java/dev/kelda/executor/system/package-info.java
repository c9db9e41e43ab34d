/**
 * The catalog {@code system}: what the engine knows of itself, as tables.
 *
 * <pre>
 * system.main.{queries, sessions, settings, functions, catalogs}
 * information_schema.{schemata, tables, columns}   visible in every catalog, with rows of all
 * </pre>
 *
 * Invariants: rows are made when a scan opens, so a cached plan shows the present; a catalog that
 * fails to list is left out and logged.
 */
package dev.kelda.executor.system;
