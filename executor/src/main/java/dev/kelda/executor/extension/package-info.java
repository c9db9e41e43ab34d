/**
 * The modules' side of the engine: what {@link dev.kelda.spi.extension} promises, kept.
 *
 * <pre>
 * ServiceLoader --> Extensions: handlers, functions, routes, metrics
 * EngineServicesImpl, RunningStatement: how a module runs queries of its own
 * ModuleStatementHandler: StatementPlan --> Action
 * </pre>
 *
 * Invariants: two modules never answer for the same statement, function or route; a module's query
 * inside a statement waits for no second place, and is stopped with the statement.
 */
package dev.kelda.executor.extension;
