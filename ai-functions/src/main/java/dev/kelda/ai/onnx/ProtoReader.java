package dev.kelda.ai.onnx;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Protobuf's wire format over a part of a buffer; every length is checked before it is believed.
 */
final class ProtoReader {
  private final ByteBuffer bytes;
  private int start;
  private int field;
  private int wire;

  ProtoReader(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /** Goes on to the next field; its value must be read or skipped then. */
  boolean next() {
    if (!bytes.hasRemaining()) {
      return false;
    }
    start = bytes.position();
    long tag = varint();
    field = (int) (tag >>> 3);
    wire = (int) (tag & 7);
    if (field <= 0 || tag >>> 3 > (1 << 29)) {
      throw broken();
    }
    return true;
  }

  int field() {
    return field;
  }

  long number() {
    if (wire != 0) {
      throw broken();
    }
    return varint();
  }

  /**
   * One number, or several packed ones.
   *
   * @param most the first so many are read, the others skipped
   */
  long[] numbers(int most) {
    if (wire == 0) {
      return new long[] {varint()};
    }
    ProtoReader packed = message();
    long[] numbers = new long[Math.min(packed.bytes.remaining(), most)];
    int count = 0;
    while (count < most && packed.bytes.hasRemaining()) {
      numbers[count++] = packed.varint();
    }
    return Arrays.copyOf(numbers, count);
  }

  /**
   * One number with a fraction, or several packed ones.
   *
   * @param size 4 or 8 bytes
   * @param most the first so many are read, the others skipped
   */
  double[] reals(int size, int most) {
    ByteBuffer from;
    if (wire == 2) {
      from = block();
    } else {
      int at = bytes.position();
      skip();
      from = bytes.slice(at, bytes.position() - at);
    }
    from.order(ByteOrder.LITTLE_ENDIAN);
    if (from.remaining() % size != 0) {
      throw broken();
    }
    double[] reals = new double[Math.min(from.remaining() / size, most)];
    for (int i = 0; i < reals.length; i++) {
      reals[i] = size == Float.BYTES ? from.getFloat() : from.getDouble();
    }
    return reals;
  }

  /** The bytes of a message, a text or packed numbers. */
  ByteBuffer block() {
    if (wire != 2) {
      throw broken();
    }
    long length = varint();
    if (length < 0 || length > bytes.remaining()) {
      throw broken();
    }
    ByteBuffer block = bytes.slice(bytes.position(), (int) length);
    bytes.position(bytes.position() + (int) length);
    return block;
  }

  ProtoReader message() {
    return new ProtoReader(block());
  }

  String text() {
    return StandardCharsets.UTF_8.decode(block()).toString();
  }

  /** The whole field, tag included. */
  ByteBuffer raw() {
    skip();
    return bytes.slice(start, bytes.position() - start);
  }

  void skip() {
    switch (wire) {
      case 0 -> varint();
      case 1 -> forward(8);
      case 2 -> block();
      case 5 -> forward(4);
      default -> throw broken(); // groups are not in ONNX
    }
  }

  private void forward(int count) {
    if (bytes.remaining() < count) {
      throw broken();
    }
    bytes.position(bytes.position() + count);
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (!bytes.hasRemaining()) {
        throw broken();
      }
      byte b = bytes.get();
      value |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw broken();
  }

  private static KeldaException broken() {
    return new KeldaException(ErrorCode.INVALID_FILE, "not an ONNX model: the file is damaged");
  }
}
