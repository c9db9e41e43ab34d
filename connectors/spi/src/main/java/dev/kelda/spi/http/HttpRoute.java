package dev.kelda.spi.http;

import static java.util.Objects.requireNonNull;

/**
 * One kind of request a module answers. The user is known and the body complete before the handler
 * is called, on a thread of its own that may block.
 *
 * @param method upper case
 * @param path {@code /v2/models/{name}/infer}: a part in braces takes any one part
 * @param mostBodyBytes longer bodies are refused before they are read
 */
public record HttpRoute(String method, String path, int mostBodyBytes, Handler handler) {
  public HttpRoute {
    requireNonNull(method, "method is null");
    requireNonNull(path, "path is null");
    requireNonNull(handler, "handler is null");
    if (!path.startsWith("/") || mostBodyBytes < 0) {
      throw new IllegalArgumentException("no route: " + method + " " + path);
    }
  }

  /** Answers. A KeldaException becomes a JSON error with a fitting status. */
  public interface Handler {
    HttpAnswer handle(HttpCall call);
  }
}
