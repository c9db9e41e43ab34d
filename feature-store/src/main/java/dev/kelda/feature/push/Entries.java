package dev.kelda.feature.push;

import dev.kelda.feature.online.OnlineViews.Encoded;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** The rows of one push as bytes: {@code layout (long), (length, key, length, history)*}. */
final class Entries {
  private Entries() {}

  static byte[] bytes(long layout, List<Encoded> rows) {
    int length = Long.BYTES;
    for (Encoded row : rows) {
      length = Math.addExact(length, 2 * Integer.BYTES + row.key().length + row.history().length);
    }
    ByteBuffer out = ByteBuffer.allocate(length).putLong(layout);
    for (Encoded row : rows) {
      out.putInt(row.key().length).put(row.key());
      out.putInt(row.history().length).put(row.history());
    }
    return out.array();
  }

  static long layout(byte[] entry) {
    return ByteBuffer.wrap(entry).getLong();
  }

  static List<Encoded> rows(byte[] entry) {
    ByteBuffer in = ByteBuffer.wrap(entry).position(Long.BYTES);
    List<Encoded> rows = new ArrayList<>();
    while (in.hasRemaining()) {
      byte[] key = new byte[in.getInt()];
      in.get(key);
      byte[] history = new byte[in.getInt()];
      in.get(history);
      rows.add(new Encoded(key, history));
    }
    return rows;
  }
}
