/**
 * What a source, a function and an error are; Arrow types only.
 *
 * <pre>
 * configuration --ConnectorFactory--> Connector --table()--> Table --scan()--> Scan.Files  (read in Rust)
 *                                                                          \-> Scan.Java   (rows from Java)
 * </pre>
 *
 * Invariants: a {@code Table} is a pinned moment; a schema holds canonical types only; every
 * failure is a {@code KeldaException} with a code.
 */
package dev.kelda.spi;
