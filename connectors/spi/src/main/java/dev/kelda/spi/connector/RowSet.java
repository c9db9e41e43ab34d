package dev.kelda.spi.connector;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Addresses of rows as the engine hands them to a {@link Search.Hits} function. Written in {@code
 * executor/native/src/search/row_set.rs}, which says how.
 */
public final class RowSet {
  private static final int BLOCK_BITS = 16;
  private static final int WORDS = 1 << (BLOCK_BITS - 6);
  private static final int SPARSE = 4096;

  private final long[] keys;
  private final List<long[]> blocks;
  private final long size;

  private RowSet(long[] keys, List<long[]> blocks, long size) {
    this.keys = keys;
    this.blocks = blocks;
    this.size = size;
  }

  /**
   * @throws KeldaException INTERNAL_ERROR for bytes that are no set
   */
  public static RowSet read(byte[] bytes) {
    ByteBuffer from = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    List<Long> keys = new ArrayList<>();
    List<long[]> blocks = new ArrayList<>();
    long size = 0;
    try {
      while (from.hasRemaining()) {
        keys.add(from.getLong());
        int count = from.getInt();
        long[] words = new long[WORDS];
        if (count >= SPARSE) {
          for (int i = 0; i < WORDS; i++) {
            words[i] = from.getLong();
          }
        } else {
          for (int i = 0; i < count; i++) {
            int low = Short.toUnsignedInt(from.getShort());
            words[low >> 6] |= 1L << low;
          }
        }
        blocks.add(words);
        size += count;
      }
    } catch (BufferUnderflowException e) {
      throw new KeldaException(ErrorCode.INTERNAL_ERROR, "a set of rows ends early", e);
    }
    return new RowSet(keys.stream().mapToLong(Long::longValue).toArray(), blocks, size);
  }

  /** How many rows there are. */
  public long size() {
    return size;
  }

  public boolean contains(long address) {
    int block = Arrays.binarySearch(keys, address >>> BLOCK_BITS);
    return block >= 0 && isSet(block, address);
  }

  private boolean isSet(int block, long address) {
    int low = (int) (address & ((1 << BLOCK_BITS) - 1));
    return (blocks.get(block)[low >> 6] >>> low & 1) != 0;
  }

  /** Asks for many rows, which are quick to find when they come in order. Not thread-safe. */
  public Lookup lookup() {
    return new Lookup();
  }

  /** See {@link #lookup}. */
  public final class Lookup {
    private long key = -1;
    private int block = -1;

    private Lookup() {}

    public boolean contains(long address) {
      long wanted = address >>> BLOCK_BITS;
      if (wanted != key) {
        key = wanted;
        block = Arrays.binarySearch(keys, wanted);
      }
      return block >= 0 && isSet(block, address);
    }
  }
}
