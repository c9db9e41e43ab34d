package dev.kelda.spi.http;

import static java.util.Objects.requireNonNull;

import java.util.Map;
import java.util.Optional;

/**
 * One request.
 *
 * @param parts values of the path's parts in braces, decoded, by name
 * @param query the query string, undecoded
 * @param headers by lower-case name
 */
public record HttpCall(
    String user,
    Map<String, String> parts,
    String query,
    Map<String, String> headers,
    byte[] body) {
  public HttpCall {
    requireNonNull(user, "user is null");
    parts = Map.copyOf(parts);
    requireNonNull(query, "query is null");
    headers = Map.copyOf(headers);
    requireNonNull(body, "body is null");
  }

  public Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name));
  }
}
