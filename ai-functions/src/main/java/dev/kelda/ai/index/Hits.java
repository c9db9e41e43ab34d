package dev.kelda.ai.index;

import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * The best rows found, best first.
 *
 * @param values the distances of vectors, the scores of texts
 */
record Hits(long[] addresses, double[] values) {
  static final Hits NONE = new Hits(new long[0], new double[0]);

  /** Collects the best ones; equal values in the order of their addresses. */
  static final class Best {
    private record Hit(long address, double value, double rank) {}

    private static final Comparator<Hit> WORST_FIRST =
        Comparator.comparingDouble(Hit::rank).thenComparingLong(Hit::address).reversed();

    private final int count;
    private final boolean smallest;
    private final PriorityQueue<Hit> hits;

    /**
     * @param smallest values are the best
     */
    Best(int count, boolean smallest) {
      this.count = count;
      this.smallest = smallest;
      this.hits = new PriorityQueue<>(Math.min(count, 1024) + 1, WORST_FIRST);
    }

    void add(long address, double value) {
      Hit hit = new Hit(address, value, smallest ? value : -value);
      if (hits.size() < count) {
        hits.add(hit);
      } else if (WORST_FIRST.compare(hits.peek(), hit) < 0) {
        hits.poll();
        hits.add(hit);
      }
    }

    Hits hits() {
      Hit[] all = hits.toArray(Hit[]::new);
      Arrays.sort(all, WORST_FIRST.reversed());
      return new Hits(
          Arrays.stream(all).mapToLong(Hit::address).toArray(),
          Arrays.stream(all).mapToDouble(Hit::value).toArray());
    }
  }
}
