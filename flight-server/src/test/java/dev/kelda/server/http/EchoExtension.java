package dev.kelda.server.http;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.Extension;
import dev.kelda.spi.extension.ExtensionFactory;
import dev.kelda.spi.extension.Metric;
import dev.kelda.spi.http.HttpAnswer;
import dev.kelda.spi.http.HttpCall;
import dev.kelda.spi.http.HttpRoute;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Routes for {@link TestHttpRoutes}. */
final class EchoExtension implements Extension {
  static final int MOST_BYTES = 100;

  /** Found by ServiceLoader. */
  public static final class Factory implements ExtensionFactory {
    @Override
    public String name() {
      return "echo";
    }

    @Override
    public Extension create(EngineServices services) {
      return new EchoExtension();
    }
  }

  @Override
  public List<HttpRoute> routes() {
    return List.of(
        new HttpRoute("POST", "/test-echo/{what}/back", MOST_BYTES, EchoExtension::echo),
        new HttpRoute(
            "GET",
            "/test-echo/{what}/fail",
            0,
            call -> {
              throw new KeldaException(
                  ErrorCode.valueOf(call.parts().get("what")), "it \"failed\"");
            }));
  }

  private static HttpAnswer echo(HttpCall call) {
    String body = new String(call.body(), StandardCharsets.UTF_8);
    if (body.startsWith("sleep")) {
      try {
        Thread.sleep(50);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return new HttpAnswer(
        200,
        "text/plain",
        Map.of("x-query", call.query()),
        (call.user() + " " + call.parts().get("what") + " " + body)
            .getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public List<Metric> metrics() {
    return List.of(Metric.of("kelda_echo_total", "Nothing", 1));
  }

  @Override
  public void close() {}
}
