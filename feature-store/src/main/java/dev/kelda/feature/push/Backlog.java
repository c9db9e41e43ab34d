package dev.kelda.feature.push;

import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/** How much of the log waits, by view. Thread-safe. */
final class Backlog {
  private record Waiting(long bytes, long sinceNanos) {}

  private final Map<String, Waiting> waiting = new ConcurrentHashMap<>();

  void add(String view, long bytes, long nowNanos) {
    waiting.merge(
        view,
        new Waiting(bytes, nowNanos),
        (before, added) -> new Waiting(before.bytes + added.bytes, before.sinceNanos));
  }

  /**
   * @param bytes that still wait; what is left has come just now, about
   */
  void set(String view, long bytes) {
    if (bytes == 0) {
      waiting.remove(view);
    } else {
      waiting.put(view, new Waiting(bytes, System.nanoTime()));
    }
  }

  TreeSet<String> views() {
    return new TreeSet<>(waiting.keySet());
  }

  long bytes() {
    return waiting.values().stream().mapToLong(Waiting::bytes).sum();
  }

  Optional<Long> oldest() {
    return waiting.values().stream().map(Waiting::sinceNanos).min((a, b) -> Long.signum(a - b));
  }
}
