package dev.kelda.feature.online;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Bytes that grow while a row is written. For one thread; reused from row to row. */
final class RowBuffer {
  static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private byte[] bytes = new byte[256];
  private int length;

  void clear() {
    length = 0;
  }

  int length() {
    return length;
  }

  byte[] copy() {
    return Arrays.copyOf(bytes, length);
  }

  /**
   * Makes room at the end; its bytes are zero.
   *
   * @return where the room begins
   */
  int grow(int more) {
    int at = length;
    if (more > bytes.length - length) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, Math.addExact(length, more)));
    }
    length += more;
    Arrays.fill(bytes, at, length, (byte) 0);
    return at;
  }

  /** The bytes behind; others after the next {@link #grow}. */
  byte[] array() {
    return bytes;
  }

  void put(int value) {
    int at = grow(1);
    bytes[at] = (byte) value;
  }

  void putInt(int value) {
    int at = grow(4);
    INT.set(bytes, at, value);
  }

  void setInt(int at, int value) {
    INT.set(bytes, at, value);
  }

  void putBytes(byte[] value) {
    int at = grow(value.length);
    System.arraycopy(value, 0, bytes, at, value.length);
  }
}
