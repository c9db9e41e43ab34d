package dev.kelda.feature.online;

import java.util.Arrays;
import java.util.function.BiConsumer;

/** Rows sorted by key, in: of each key what can still be seen, out. For one thread. */
final class Settled {
  private final History histories;
  private final History.Moment now;
  private final boolean everyKey;
  private final BiConsumer<byte[], byte[]> out;
  private boolean begun;
  private byte[] key = OnlineStore.NOTHING;
  private byte[] history = OnlineStore.NOTHING;

  /**
   * @param everyKey also a key whose rows can never be seen comes out, with {@link
   *     OnlineStore#NOTHING}
   * @param out takes keys and histories
   */
  Settled(History histories, History.Moment now, boolean everyKey, BiConsumer<byte[], byte[]> out) {
    this.histories = histories;
    this.now = now;
    this.everyKey = everyKey;
    this.out = out;
  }

  void add(Rows rows, int count) {
    for (int row = 0; row < count; row++) {
      if (rows.isVisible(row) || everyKey && rows.hasKey(row)) {
        add(rows, row, rows.key(row));
      }
    }
  }

  private void add(Rows rows, int row, byte[] next) {
    int order = begun ? Arrays.compareUnsigned(key, next) : -1;
    if (order > 0) {
      throw new IllegalStateException("rows of an online table are not sorted by their key");
    }
    if (order < 0) {
      end();
      begun = true;
      key = next;
    }
    if (!rows.isVisible(row)) {
      return;
    }
    if (history.length == 0) {
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
    if (begun) {
      out.accept(key, history);
      history = OnlineStore.NOTHING;
    }
  }
}
