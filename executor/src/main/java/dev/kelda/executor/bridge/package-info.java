/**
 * The border to the native engine: the only package with {@code native} methods.
 *
 * <pre>
 * QueryRequest --NativeEngine.start--> NativeQuery (an ArrowReader over the native stream)
 *                     ^
 *   native code ------+--> Upcalls: open a Java scan, evaluate a Java function
 * </pre>
 *
 * <p>Invariants: structured arguments cross as protobuf bytes, rows as Arrow C streams; handles are
 * ids, so a use after close is an error and not a crash; every native failure arrives as a {@link
 * dev.kelda.spi.error.KeldaException} with its code; a batch handed to native code is never touched
 * again; closing a query waits until native code has let go of everything Java gave it.
 */
package dev.kelda.executor.bridge;
