/**
 * The JDBC driver: {@code jdbc:kelda://host:port/catalog/schema?user=…} in, connections of the
 * stock Arrow Flight SQL driver out, with what that one leaves out or gets wrong mended.
 *
 * <pre>
 * KeldaDriver -> KeldaUrl -> jdbc:arrow-flight-sql://… -> Mended (a proxy) : ConnectionFixes,
 *                                                          StatementFixes, MetaDataFixes
 * </pre>
 *
 * Invariants: Java 17 byte code; no module of Kelda; nothing is silently ignored: what the server
 * cannot do, such as transactions, is an SQLFeatureNotSupportedException.
 */
package dev.kelda.jdbc;
