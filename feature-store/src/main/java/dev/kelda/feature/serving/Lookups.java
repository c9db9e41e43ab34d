package dev.kelda.feature.serving;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.online.Found;
import dev.kelda.feature.online.OnlineStore;
import dev.kelda.feature.online.OnlineView;
import dev.kelda.feature.push.Loads;
import dev.kelda.feature.push.OnlineHome;
import java.time.Instant;
import java.util.List;
import org.apache.arrow.vector.FieldVector;

/** Lookups by key, measured. Thread-safe. */
public final class Lookups {
  private final OnlineHome home;
  private final Loads loads;
  private final OnlineMetrics metrics;

  public Lookups(OnlineHome home, Loads loads, OnlineMetrics metrics) {
    this.home = requireNonNull(home, "home is null");
    this.loads = requireNonNull(loads, "loads is null");
    this.metrics = requireNonNull(metrics, "metrics is null");
  }

  Instant now() {
    return home.clock().instant();
  }

  /**
   * Looks keys up, as they are seen at an instant.
   *
   * @param keys vectors of the types of the view's key, in its order
   */
  Found find(OnlineView view, List<FieldVector> keys, int count, Instant at) {
    long start = System.nanoTime();
    loads.ensure(view);
    Found found = home.views().lookup(view.layout(), keys, count, at);
    metrics.looked(found, System.nanoTime() - start);
    return found;
  }

  /** Begins to read every key of a view. */
  OnlineStore.Scan scan(OnlineView view) {
    loads.ensure(view);
    return home.views().scan(view.layout());
  }
}
