package dev.kelda.ai.index;

import dev.kelda.ai.index.RowDocuments.Hash;
import java.util.Arrays;

/**
 * Documents whose rows are gone, by what they hold: a row with the same content takes one over
 * instead of being indexed anew. So rewritten files cost no more than a new place for each row.
 */
final class KnownRows {
  private static final int NONE = -1;

  private long[] high = new long[64];
  private long[] low = new long[64];
  private int[] documents = new int[64];
  private int count;
  private int[] slots = new int[0];

  void add(int document, Hash hash) {
    if (count == documents.length) {
      high = Arrays.copyOf(high, 2 * count);
      low = Arrays.copyOf(low, 2 * count);
      documents = Arrays.copyOf(documents, 2 * count);
    }
    high[count] = hash.high();
    low[count] = hash.low();
    documents[count++] = document;
  }

  /** After the last add, before the first take. */
  void index() {
    int size = Integer.highestOneBit(Math.max(4, 2 * count)) << 1;
    slots = new int[size];
    Arrays.fill(slots, NONE);
    for (int i = 0; i < count; i++) {
      int slot = slot(high[i]);
      while (slots[slot] != NONE) {
        slot = slot + 1 & size - 1;
      }
      slots[slot] = i;
    }
  }

  private int slot(long hash) {
    return (int) hash & slots.length - 1;
  }

  /** A document with that content, which is nobody else's from now on; -1 when there is none. */
  synchronized int take(Hash hash) {
    if (count == 0) {
      return NONE;
    }
    int slot = slot(hash.high());
    while (slots[slot] != NONE) {
      int i = slots[slot];
      if (documents[i] != NONE && high[i] == hash.high() && low[i] == hash.low()) {
        int document = documents[i];
        documents[i] = NONE;
        return document;
      }
      slot = slot + 1 & slots.length - 1;
    }
    return NONE;
  }

  /** Documents that nothing has taken over. */
  int[] rest() {
    return Arrays.stream(documents, 0, count).filter(document -> document != NONE).toArray();
  }
}
