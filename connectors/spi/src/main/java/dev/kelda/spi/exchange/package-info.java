/**
 * What a module answers batch by batch over one Flight stream (DoExchange), without a statement:
 * {@link dev.kelda.spi.exchange.Exchange}; the server owns the wire.
 */
package dev.kelda.spi.exchange;
