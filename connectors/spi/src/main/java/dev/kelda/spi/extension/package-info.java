/**
 * What a module adds to the engine: statements, table functions, functions with types of their own,
 * HTTP routes, metrics. A module is found as connectors are, by {@link java.util.ServiceLoader}.
 *
 * <pre>
 * ExtensionFactory --create(EngineServices)--> Extension: statements, functions, routes, metrics
 * statement record --StatementHandler.plan--> StatementPlan: a query, rows or an update
 * f(…) in FROM     --TableFunction.expand---> Expansion: a table, or a query in its place
 * f(…) anywhere    --PlannedFunction.bind---> Bound: result type, what to evaluate
 * </pre>
 *
 * Invariants: planning changes nothing; everything here is thread-safe; a module sees the engine
 * only through {@link dev.kelda.spi.extension.EngineServices}.
 */
package dev.kelda.spi.extension;
