package dev.kelda.spi.http;

import static java.util.Objects.requireNonNull;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/** What goes back. */
public record HttpAnswer(int status, String contentType, Map<String, String> headers, byte[] body) {
  public HttpAnswer {
    requireNonNull(contentType, "contentType is null");
    headers = Map.copyOf(headers);
    requireNonNull(body, "body is null");
  }

  public static HttpAnswer json(int status, String body) {
    return new HttpAnswer(
        status, "application/json", Map.of(), body.getBytes(StandardCharsets.UTF_8));
  }
}
