package dev.kelda.server.http;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.http.HttpRoute;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What the HTTP front shows.
 *
 * @param ready false while the server starts or shuts down
 * @param metrics in Prometheus' text format
 * @param routes of modules
 * @param users the user of an authorization header; throws AUTHENTICATION_FAILED
 */
public record Pages(
    BooleanSupplier ready,
    Supplier<String> metrics,
    List<HttpRoute> routes,
    Function<Optional<String>, String> users) {
  public Pages {
    requireNonNull(ready, "ready is null");
    requireNonNull(metrics, "metrics is null");
    routes = List.copyOf(routes);
    requireNonNull(users, "users is null");
  }
}
