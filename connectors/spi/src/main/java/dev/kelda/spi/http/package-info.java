/**
 * What a module answers over HTTP: {@link dev.kelda.spi.http.HttpRoute}; the server owns the wire.
 */
package dev.kelda.spi.http;
