package dev.kelda.feature.online;

import java.util.Arrays;

/** Rows sorted by key, in: of each key what can still be seen, out into a load. For one thread. */
final class Settled {
  private final History histories;
  private final History.Moment now;
  private final OnlineStore.Load load;
  private byte[] key = OnlineStore.NOTHING;
  private byte[] history = OnlineStore.NOTHING;

  Settled(History histories, History.Moment now, OnlineStore.Load load) {
    this.histories = histories;
    this.now = now;
    this.load = load;
  }

  void add(Rows rows, int count) {
    for (int row = 0; row < count; row++) {
      if (rows.isVisible(row)) {
        add(rows, row, rows.key(row));
      }
    }
  }

  private void add(Rows rows, int row, byte[] next) {
    int order = history.length == 0 ? -1 : Arrays.compareUnsigned(key, next);
    if (order > 0) {
      throw new IllegalStateException("rows to be loaded are not sorted by their key");
    }
    if (order < 0) {
      end();
      key = next;
      history = rows.history(row);
    } else if (!isBeaten(rows, row)) {
      history = histories.merge(history, rows.history(row), now);
    }
  }

  /** Most rows of a key are older than one that is seen already: those need not become bytes. */
  private boolean isBeaten(Rows rows, int row) {
    if (!histories.settles(history, now)) {
      return false;
    }
    int order = Long.compare(rows.event(row), History.event(history, 0));
    return order < 0 || order == 0 && rows.known(row) < History.known(history, 0);
  }

  /** No more rows. */
  void end() {
    if (history.length > 0) {
      load.put(key, history);
      history = OnlineStore.NOTHING;
    }
  }
}
