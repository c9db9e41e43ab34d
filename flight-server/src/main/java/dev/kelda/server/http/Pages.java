package dev.kelda.server.http;

import static java.util.Objects.requireNonNull;

import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * What the HTTP front shows.
 *
 * @param ready false while the server starts or shuts down
 * @param metrics in Prometheus' text format
 */
public record Pages(BooleanSupplier ready, Supplier<String> metrics) {
  public Pages {
    requireNonNull(ready, "ready is null");
    requireNonNull(metrics, "metrics is null");
  }
}
