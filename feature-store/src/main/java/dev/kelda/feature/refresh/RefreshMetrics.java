package dev.kelda.feature.refresh;

import dev.kelda.feature.refresh.RefreshPlan.Way;
import dev.kelda.spi.extension.Metric;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts refreshes. Thread-safe. */
final class RefreshMetrics {
  private final Map<String, LongAdder> byWay = new ConcurrentHashMap<>();
  private final LongAdder rows = new LongAdder();

  void done(Way way, long written) {
    byWay.computeIfAbsent(name(way), any -> new LongAdder()).increment();
    rows.add(written);
  }

  private static String name(Way way) {
    return switch (way) {
      case Way.Nothing ignored -> "nothing";
      case Way.Full ignored -> "full";
      case Way.Append ignored -> "new_rows";
      case Way.ByKeys ignored -> "keys";
      case Way.Range ignored -> "range";
    };
  }

  List<Metric> all() {
    Map<String, Double> ways = new TreeMap<>();
    byWay.forEach((way, count) -> ways.put(way, (double) count.sum()));
    return List.of(
        new Metric(
            "kelda_feature_refreshes_total", "Refreshes of feature views, by way.", "way", ways),
        Metric.of(
            "kelda_feature_refreshed_rows_total",
            "Rows that refreshes of feature views wrote.",
            rows.sum()));
  }
}
