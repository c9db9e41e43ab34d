package dev.kelda.feature.serving;

import dev.kelda.feature.online.Found;
import dev.kelda.feature.push.OnlineHome;
import dev.kelda.spi.extension.Metric;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;

/** What the online side measures. Thread-safe. */
public final class OnlineMetrics {
  /** Upper bounds in microseconds. */
  private static final long[] BOUNDS = {
    10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 50_000, 1_000_000
  };

  private final LongAdder[] buckets =
      IntStream.rangeClosed(0, BOUNDS.length)
          .mapToObj(i -> new LongAdder())
          .toArray(LongAdder[]::new);
  private final LongAdder nanos = new LongAdder();
  private final LongAdder keys = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder pushed = new LongAdder();

  void looked(Found found, long tookNanos) {
    int bucket = 0;
    while (bucket < BOUNDS.length && tookNanos > BOUNDS[bucket] * 1_000) {
      bucket++;
    }
    buckets[bucket].increment();
    nanos.add(tookNanos);
    keys.add(found.size());
    for (int i = 0; i < found.size(); i++) {
      if (!found.isPresent(i)) {
        misses.increment();
      }
    }
  }

  void pushed(long rows) {
    pushed.add(rows);
  }

  List<Metric> all(OnlineHome home) {
    List<Metric> all = new ArrayList<>();
    all.add(Metric.of("kelda_online_keys_total", "Keys looked up", keys.sum()));
    all.add(
        Metric.of(
            "kelda_online_misses_total", "Keys that were not there, or expired", misses.sum()));
    Map<String, Double> cumulative = new HashMap<>();
    double count = 0;
    for (int i = 0; i <= BOUNDS.length; i++) {
      count += buckets[i].sum();
      cumulative.put(
          i < BOUNDS.length
              ? BigDecimal.valueOf(BOUNDS[i], 6).stripTrailingZeros().toPlainString()
              : "+Inf",
          count);
    }
    all.add(
        new Metric(
            "kelda_online_lookup_seconds_bucket",
            "Lookups that took at most so long, in the store",
            "le",
            cumulative));
    all.add(
        Metric.of(
            "kelda_online_lookup_seconds_sum",
            "Time of all lookups, in the store",
            nanos.sum() / 1e9));
    all.add(Metric.of("kelda_online_lookup_seconds_count", "Lookups", count));
    all.add(Metric.of("kelda_pushed_rows_total", "Rows pushed into views", pushed.sum()));
    if (home.isOpen()) {
      all.add(
          Metric.of(
              "kelda_online_store_bytes",
              "Size of the online store",
              home.views().store().bytes()));
      all.add(
          Metric.of(
              "kelda_push_log_bytes",
              "Pushed rows that are not in an offline table yet",
              home.log().bytes()));
      all.add(
          Metric.of(
              "kelda_push_lag_seconds",
              "How long the oldest of them has waited",
              home.log().oldestNanos().map(at -> (System.nanoTime() - at) / 1e9).orElse(0.0)));
    }
    return all;
  }
}
