/**
 * Functions of the registry that are evaluated in Java: a column of arguments in, a column of
 * results out.
 *
 * <pre>
 * Rust --evaluate(function, batch)--> Upcalls --> JavaFunction (found by ServiceLoader)
 * </pre>
 *
 * Invariants: stateless; a NULL argument gives NULL; the registry's {@code evaluated: java} entries
 * are exactly these.
 */
package dev.kelda.executor.functions;
