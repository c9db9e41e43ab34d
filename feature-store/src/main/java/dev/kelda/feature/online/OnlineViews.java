package dev.kelda.feature.online;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;

/** Rows of views in an online store, in and out as Arrow. Thread-safe. */
public final class OnlineViews {
  private static final int KEYS_AT_ONCE = 8192;

  private final OnlineStore store;
  private final Clock clock;

  public OnlineViews(OnlineStore store, Clock clock) {
    this.store = requireNonNull(store, "store is null");
    this.clock = requireNonNull(clock, "clock is null");
  }

  public OnlineStore store() {
    return store;
  }

  /** What the view's table covers; empty when there is none that has this layout. */
  public Optional<OnlineStore.Checkpoint> checkpoint(ViewLayout layout) {
    return store
        .checkpoint(layout.view())
        .filter(c -> c.fingerprint().equals(layout.fingerprint()));
  }

  /**
   * Looks keys up, as they are seen at an instant.
   *
   * @param keys vectors of the types of {@link ViewLayout#keyFields}, in that order
   * @param count of keys
   */
  public Found lookup(ViewLayout layout, List<FieldVector> keys, int count, Instant at) {
    FieldVector[] parts = keys.toArray(FieldVector[]::new);
    RowBuffer out = new RowBuffer();
    List<byte[]> bytes = new ArrayList<>(count);
    boolean complete = true;
    for (int row = 0; row < count; row++) {
      boolean known = !Rows.anyNull(parts, row);
      complete &= known;
      bytes.add(known ? Rows.key(layout.keyCodec(), parts, row, out) : OnlineStore.NOTHING);
    }
    byte[][] histories = store.get(layout.view(), bytes);
    if (!complete) {
      for (int row = 0; row < count; row++) {
        histories[row] = Rows.anyNull(parts, row) ? OnlineStore.NOTHING : histories[row];
      }
    }
    return new Found(layout, bytes, histories, new History(layout).moment(at));
  }

  /** Begins to read every key of a view; {@link #next} gives them. Closed by the caller. */
  public OnlineStore.Scan scan(ViewLayout layout) {
    return store.scan(layout.view());
  }

  /** The next keys of a scan, at most so many, as they are seen at an instant; none at its end. */
  public static Found next(ViewLayout layout, OnlineStore.Scan scan, int most, Instant at) {
    List<byte[]> keys = new ArrayList<>();
    List<byte[]> histories = new ArrayList<>();
    while (keys.size() < most && scan.next()) {
      keys.add(scan.key());
      histories.add(scan.history());
    }
    return new Found(
        layout, keys, histories.toArray(byte[][]::new), new History(layout).moment(at));
  }

  /** Adds rows to the view's table: from then on they are seen when they win. */
  public void merge(
      ViewLayout layout, List<Encoded> rows, Optional<OnlineStore.Checkpoint> checkpoint) {
    store.update(layout.view(), changes(layout, rows), checkpoint);
  }

  /**
   * Rows in the form of the store.
   *
   * @param history of nothing but the row
   */
  @SuppressWarnings("ArrayRecordComponent") // never changed
  public record Encoded(byte[] key, byte[] history) {}

  /** The rows of a batch that can ever be seen. */
  public static List<Encoded> encode(ViewLayout layout, VectorSchemaRoot batch) {
    Rows rows = new Rows(layout, batch);
    List<Encoded> encoded = new ArrayList<>(batch.getRowCount());
    for (int row = 0; row < batch.getRowCount(); row++) {
      if (rows.isVisible(row)) {
        encoded.add(new Encoded(rows.key(row), rows.history(row)));
      }
    }
    return encoded;
  }

  /**
   * The rows that {@link #encode} took.
   *
   * @param into an empty root with the view's columns
   */
  public static void decode(ViewLayout layout, List<Encoded> rows, VectorSchemaRoot into) {
    byte[][] histories = rows.stream().map(Encoded::history).toArray(byte[][]::new);
    Found all =
        new Found(
            layout,
            rows.stream().map(Encoded::key).toList(),
            histories,
            new History.Moment(Long.MAX_VALUE, Long.MAX_VALUE));
    all.fill(into);
  }

  private List<OnlineStore.Change> changes(ViewLayout layout, List<Encoded> rows) {
    History histories = new History(layout);
    History.Moment now = now(histories);
    Map<Key, byte[]> byKey = byKey(histories, rows, now);
    List<OnlineStore.Change> changes = new ArrayList<>(byKey.size());
    byKey.forEach(
        (key, history) ->
            changes.add(
                new OnlineStore.Change(
                    key.bytes(), before -> histories.merge(before, history, now))));
    return changes;
  }

  private static Map<Key, byte[]> byKey(History histories, List<Encoded> rows, History.Moment now) {
    Map<Key, byte[]> byKey = new HashMap<>();
    for (Encoded row : rows) {
      byKey.merge(new Key(row.key()), row.history(), (a, b) -> histories.merge(a, b, now));
    }
    return byKey;
  }

  private History.Moment now(History histories) {
    return histories.moment(clock.instant());
  }

  private record Key(byte[] bytes) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Key key && Arrays.equals(bytes, key.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }
  }

  /**
   * Makes the view's table anew.
   *
   * @param sorted rows of the offline table, by the key's columns; read to their end
   * @param publish called when all rows are in; publishes the load
   */
  public void load(ViewLayout layout, ArrowReader sorted, Consumer<Loaded> publish) {
    try (OnlineStore.Load load = store.load(layout.view())) {
      settle(layout, sorted, false, load::put);
      publish.accept((checkpoint, pushed) -> load.publish(checkpoint, changes(layout, pushed)));
    }
  }

  private void settle(
      ViewLayout layout, ArrowReader sorted, boolean everyKey, BiConsumer<byte[], byte[]> out) {
    History histories = new History(layout);
    Settled settled = new Settled(histories, now(histories), everyKey, out);
    try {
      while (sorted.loadNextBatch()) {
        VectorSchemaRoot batch = sorted.getVectorSchemaRoot();
        settled.add(new Rows(layout, batch), batch.getRowCount());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    settled.end();
  }

  /**
   * Makes anew what some keys have, and leaves the others.
   *
   * @param sorted every row of these keys, by the key's columns; a key that has none is told by a
   *     row without times; read to their end
   * @param publish called for some keys after the other; publishes them
   */
  public void replace(ViewLayout layout, ArrowReader sorted, Consumer<Replaced> publish) {
    List<Encoded> some = new ArrayList<>();
    Replaced replaced = pushed -> replace(layout, some, pushed);
    settle(
        layout,
        sorted,
        true,
        (key, history) -> {
          some.add(new Encoded(key, history));
          if (some.size() == KEYS_AT_ONCE) {
            publish.accept(replaced);
            some.clear();
          }
        });
    publish.accept(replaced);
  }

  private void replace(ViewLayout layout, List<Encoded> keys, List<Encoded> pushed) {
    History histories = new History(layout);
    History.Moment now = now(histories);
    Map<Key, byte[]> added = byKey(histories, pushed, now);
    List<OnlineStore.Change> changes = new ArrayList<>(keys.size());
    for (Encoded one : keys) {
      byte[] more = added.getOrDefault(new Key(one.key()), OnlineStore.NOTHING);
      byte[] history = more.length == 0 ? one.history() : histories.merge(one.history(), more, now);
      changes.add(new OnlineStore.Change(one.key(), ignored -> history));
    }
    store.update(layout.view(), changes, Optional.empty());
  }

  /** Some keys, complete but for the rows pushed since. */
  public interface Replaced {
    /**
     * @param pushed rows that the offline table had not got, of any key
     */
    void publish(List<Encoded> pushed);
  }

  /** A table that is complete but for the rows pushed since. */
  public interface Loaded {
    /**
     * @param pushed rows that the offline table had not got
     */
    void publish(OnlineStore.Checkpoint checkpoint, List<Encoded> pushed);
  }
}
