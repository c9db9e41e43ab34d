package dev.kelda.feature.online;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kelda.feature.online.OnlineStore.Checkpoint;
import dev.kelda.spi.connector.Timeline;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random histories of keys: what is seen online is what a walk over all rows would pick. */
class TestHistories {
  private static final int HISTORIES = Integer.getInteger("kelda.histories", 200);
  private static final long SEED = Long.getLong("kelda.seed", 1);
  private static final int A = 0;
  private static final int K = 1;
  private static final int T = 2;
  private static final int S = 3;
  private static final int B = 4;
  private static final int KN = 5;

  @Test
  void rocksdb(@TempDir Path folder) {
    try (OnlineStore store =
        new dev.kelda.feature.online.rocksdb.RocksStoreFactory().open(folder, Map.of())) {
      histories(store, HISTORIES);
    }
  }

  @Test
  void redis(@TempDir Path folder) {
    try (RedisProcess redis = RedisProcess.start();
        OnlineStore store =
            new dev.kelda.feature.online.redis.RedisStoreFactory()
                .open(folder, Map.of("uri", redis.uri()))) {
      histories(store, HISTORIES / 5);
    }
  }

  private static void histories(OnlineStore store, int count) {
    try (BufferAllocator allocator = new RootAllocator()) {
      for (int i = 0; i < count; i++) {
        new Case(store, allocator, SEED * 1_000_003 + i).run();
      }
    }
  }

  /** One view, its rows in the order of their arrival, lookups in between. */
  private static final class Case {
    private final Random random;
    private final BufferAllocator allocator;
    private final OnlineViews views;
    private final ViewLayout layout;
    private final MovableClock clock = new MovableClock(Instant.EPOCH);
    private final Optional<Duration> ttl;
    private final boolean known;
    private final List<List<Object>> rows = new ArrayList<>();
    private final String name;

    Case(OnlineStore store, BufferAllocator allocator, long seed) {
      this.random = new Random(seed);
      this.allocator = allocator;
      this.views = new OnlineViews(store, clock);
      this.ttl =
          random.nextBoolean()
              ? Optional.of(Duration.of(1 + random.nextInt(6), ChronoUnit.MICROS))
              : Optional.empty();
      this.known = random.nextBoolean();
      this.name = "history " + seed;
      List<String> keys =
          List.of(List.of("k"), List.of("k", "s"), List.<String>of()).get(random.nextInt(3));
      this.layout =
          ViewLayout.of(
              name,
              Batches.COLUMNS,
              new Timeline(keys, "t", known ? Optional.of("kn") : Optional.empty(), ttl));
    }

    void run() {
      load(0);
      int steps = 2 + random.nextInt(12);
      for (long now = 1; now <= steps; now++) {
        clock.set(Instant.EPOCH.plus(now, ChronoUnit.MICROS));
        int before = rows.size();
        for (int i = random.nextInt(4); i > 0; i--) {
          rows.add(row(now));
        }
        if (random.nextInt(5) == 0) {
          load(before);
        } else {
          merge(before);
        }
        for (int i = 0; i < 2; i++) {
          check(now + (random.nextBoolean() ? 0 : random.nextInt(8)));
        }
      }
      views.store().drop(name);
    }

    private List<Object> row(long now) {
      return Arrays.asList(
          random.nextInt(4) == 0
              ? null
              : List.of(0.0, -0.0, 1.5, Double.NaN).get(random.nextInt(4)),
          random.nextInt(12) == 0 ? null : (Object) (long) (random.nextInt(3) - 1),
          random.nextInt(12) == 0 ? null : (Object) (now - 6 + random.nextInt(10)),
          random.nextInt(12) == 0 ? null : List.of("", "x", "x\0", "ä").get(random.nextInt(4)),
          random.nextInt(4) == 0 ? null : List.of("p", "q").get(random.nextInt(2)),
          random.nextInt(12) == 0 ? null : (Object) (now - 3 + random.nextInt(6)));
    }

    /** The rows before {@code pushed} are in the offline table, those after in the push log. */
    private void load(int pushed) {
      List<List<Object>> sorted = rows.subList(0, pushed);
      List<List<Object>> rest = rows.subList(pushed, rows.size());
      Schema schema = Batches.COLUMNS;
      try (var reader = Batches.reader(allocator, schema, sortedByKey(sorted));
          VectorSchemaRoot later = Batches.of(allocator, schema, rest)) {
        views.load(
            layout,
            reader,
            loaded ->
                loaded.publish(
                    new Checkpoint(layout.fingerprint(), "s" + pushed, 0),
                    OnlineViews.encode(layout, later)));
      } catch (java.io.IOException e) {
        throw new AssertionError(e);
      }
    }

    private List<List<Object>> sortedByKey(List<List<Object>> unsorted) {
      List<List<Object>> sorted = new ArrayList<>(unsorted);
      try (VectorSchemaRoot all = Batches.of(allocator, Batches.COLUMNS, unsorted)) {
        Rows encoded = new Rows(layout, all);
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < unsorted.size(); i++) {
          order.add(i);
        }
        order.sort(
            Comparator.comparing(
                i -> encoded.isVisible(i) ? encoded.key(i) : OnlineStore.NOTHING,
                Arrays::compareUnsigned));
        sorted.clear();
        order.forEach(i -> sorted.add(unsorted.get(i)));
      }
      return sorted;
    }

    private void merge(int from) {
      try (VectorSchemaRoot batch =
          Batches.of(allocator, Batches.COLUMNS, rows.subList(from, rows.size()))) {
        views.merge(layout, OnlineViews.encode(layout, batch), Optional.empty());
      }
    }

    private void check(long at) {
      List<List<Object>> keys = new ArrayList<>();
      for (long k = -1; k <= 2; k++) {
        for (String s : List.of("", "x", "x\0", "ä")) {
          keys.add(Arrays.asList(k == 2 ? null : (Object) k, s));
        }
      }
      List<String> names = layout.timeline().primaryKey();
      Schema schema = new Schema(layout.keyFields());
      List<List<Object>> parts = keys.stream().map(key -> key.subList(0, names.size())).toList();
      try (VectorSchemaRoot batch = Batches.of(allocator, schema, parts);
          VectorSchemaRoot out = VectorSchemaRoot.create(Batches.COLUMNS, allocator)) {
        Instant instant = Instant.EPOCH.plus(at, ChronoUnit.MICROS);
        Found found = views.lookup(layout, batch.getFieldVectors(), keys.size(), instant);
        out.allocateNew();
        for (int i = 0; i < found.size(); i++) {
          if (found.isPresent(i)) {
            for (int column = 0; column < out.getFieldVectors().size(); column++) {
              found.read(i, column, out.getVector(column), i);
            }
          }
        }
        out.setRowCount(found.size());
        for (int i = 0; i < keys.size(); i++) {
          Optional<List<Object>> expected = expected(parts.get(i), at);
          assertThat(found.isPresent(i))
              .as("%s key %s at %d of %s", name, parts.get(i), at, rows)
              .isEqualTo(expected.isPresent());
          if (expected.isPresent()) {
            assertThat(values(out, i))
                .as("%s key %s at %d of %s", name, parts.get(i), at, rows)
                .isEqualTo(expected.get());
          }
        }
      }
    }

    private static List<Object> values(VectorSchemaRoot out, int row) {
      List<Object> values = new ArrayList<>();
      for (int column = 0; column < out.getFieldVectors().size(); column++) {
        Object value =
            out.getVector(column).isNull(row) ? null : out.getVector(column).getObject(row);
        values.add(
            switch (value) {
              case null -> null;
              case org.apache.arrow.vector.util.Text text -> text.toString();
              case java.time.LocalDateTime time ->
                  ChronoUnit.MICROS.between(java.time.LocalDateTime.of(1970, 1, 1, 0, 0), time);
              default -> value;
            });
      }
      return values;
    }

    /** The rule as it stands in the docs, over all rows. */
    private Optional<List<Object>> expected(List<Object> key, long at) {
      List<Integer> ordinals =
          layout.timeline().primaryKey().stream().map(n -> n.equals("k") ? K : S).toList();
      return rows.stream()
          .filter(
              row -> {
                for (int i = 0; i < key.size(); i++) {
                  if (key.get(i) == null || !key.get(i).equals(row.get(ordinals.get(i)))) {
                    return false;
                  }
                }
                return row.get(T) != null && (long) row.get(T) <= at;
              })
          .filter(row -> !known || row.get(KN) != null && (long) row.get(KN) <= at)
          .max(order())
          .filter(row -> ttl.isEmpty() || (long) row.get(T) > at - ttl.get().toNanos() / 1_000);
    }

    private Comparator<List<Object>> order() {
      Comparator<List<Object>> order = Comparator.comparing(row -> (Long) row.get(T));
      if (known) {
        order = order.thenComparing(row -> (Long) row.get(KN));
      }
      // A key of fewer columns leaves the others among the contents, in the order of the table.
      List<String> keys = layout.timeline().primaryKey();
      order = order.thenComparing(row -> (Double) row.get(A), nulls());
      order = keys.contains("k") ? order : order.thenComparing(row -> (Long) row.get(K), nulls());
      order = keys.contains("s") ? order : order.thenComparing(row -> (String) row.get(S), nulls());
      order = order.thenComparing(row -> (String) row.get(B), nulls());
      return known ? order : order.thenComparing(row -> (Long) row.get(KN), nulls());
    }

    private static <T extends Comparable<T>> Comparator<T> nulls() {
      return Comparator.nullsFirst(Comparator.naturalOrder());
    }
  }
}
