/**
 * The {@code kelda} command: arguments in, an exit code out (0 ok, 1 error, 2 wrong usage).
 *
 * <pre>
 * kelda server  -> KeldaServer until SIGTERM
 * kelda sql     -> sql: a client (in-process engine or Flight SQL) -> format: table, CSV, JSON, Arrow
 * kelda demo    -> dev/demo
 * </pre>
 *
 * Invariants: standard output carries results only; errors go to standard error without stack
 * traces.
 */
package dev.kelda.cli;
