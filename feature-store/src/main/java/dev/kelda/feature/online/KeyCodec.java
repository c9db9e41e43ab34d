package dev.kelda.feature.online;

import java.util.List;
import org.apache.arrow.vector.BaseVariableWidthVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.BitVectorHelper;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * Keys as bytes whose unsigned order is that of SQL: numbers big-endian with their sign turned,
 * texts and bytes with an end mark that is less than anything that may follow. No part may be NULL.
 * Immutable.
 */
final class KeyCodec {
  private static final byte ESCAPE = 0;
  private static final byte ESCAPED = (byte) 0xFF;
  private static final byte END = 1;

  private final Part[] parts;

  /** How one column's values are ordered. */
  private enum Kind {
    BIT,
    SIGNED,
    FLOAT,
    BYTES,
    FIXED_BYTES
  }

  private record Part(Kind kind, int width) {}

  /**
   * @throws IllegalArgumentException for a type that {@link #supports} does not
   */
  KeyCodec(List<Field> fields) {
    this.parts = fields.stream().map(KeyCodec::part).toArray(Part[]::new);
  }

  /** Whether columns of the type can be keys. */
  static boolean supports(ArrowType type) {
    return switch (type) {
      case ArrowType.Bool ignored -> true;
      case ArrowType.Int ignored -> true;
      case ArrowType.FloatingPoint ignored -> true;
      case ArrowType.Decimal ignored -> true;
      case ArrowType.Utf8 ignored -> true;
      case ArrowType.Binary ignored -> true;
      case ArrowType.FixedSizeBinary ignored -> true;
      case ArrowType.Date ignored -> true;
      case ArrowType.Time ignored -> true;
      case ArrowType.Timestamp ignored -> true;
      default -> false;
    };
  }

  private static Part part(Field field) {
    return switch (field.getType()) {
      case ArrowType.Bool ignored -> new Part(Kind.BIT, 1);
      case ArrowType.FloatingPoint ignored -> new Part(Kind.FLOAT, FixedWidths.of(field));
      case ArrowType.Utf8 ignored -> new Part(Kind.BYTES, 0);
      case ArrowType.Binary ignored -> new Part(Kind.BYTES, 0);
      case ArrowType.FixedSizeBinary ignored -> new Part(Kind.FIXED_BYTES, FixedWidths.of(field));
      default -> {
        if (!supports(field.getType())) {
          throw new IllegalArgumentException("no key: " + field);
        }
        yield new Part(Kind.SIGNED, FixedWidths.of(field));
      }
    };
  }

  /** Appends the key of a row in which no part is NULL. */
  void write(FieldVector[] from, int row, RowBuffer out) {
    for (int i = 0; i < parts.length; i++) {
      write(parts[i], from[i], row, out);
    }
  }

  private static void write(Part part, FieldVector from, int row, RowBuffer out) {
    int width = part.width();
    switch (part.kind()) {
      case BIT -> out.put(((BitVector) from).get(row));
      case FIXED_BYTES -> {
        int at = out.grow(width);
        from.getDataBuffer().getBytes((long) row * width, out.array(), at, width);
      }
      case SIGNED -> {
        int at = reversed(from, row, width, out);
        out.array()[at] ^= (byte) 0x80;
      }
      case FLOAT -> {
        int at = reversed(from, row, width, out);
        byte[] bytes = out.array();
        if (bytes[at] < 0) {
          invert(bytes, at, width);
        } else {
          bytes[at] ^= (byte) 0x80;
        }
      }
      case BYTES -> {
        BaseVariableWidthVector vector = (BaseVariableWidthVector) from;
        int end = vector.getEndOffset(row);
        for (int i = vector.getStartOffset(row); i < end; i++) {
          byte value = vector.getDataBuffer().getByte(i);
          out.put(value);
          if (value == ESCAPE) {
            out.put(ESCAPED);
          }
        }
        out.put(ESCAPE);
        out.put(END);
      }
    }
  }

  private static int reversed(FieldVector from, int row, int width, RowBuffer out) {
    int at = out.grow(width);
    long start = (long) row * width;
    for (int i = 0; i < width; i++) {
      out.array()[at + i] = from.getDataBuffer().getByte(start + width - 1 - i);
    }
    return at;
  }

  private static void invert(byte[] bytes, int at, int width) {
    for (int i = 0; i < width; i++) {
      bytes[at + i] ^= (byte) 0xFF;
    }
  }

  /** Reads one part of a key that {@link #write} wrote. */
  void readPart(byte[] key, int index, FieldVector to, int row) {
    int at = 0;
    for (int i = 0; i < index; i++) {
      at = parts[i].kind() == Kind.BYTES ? end(key, at) : at + parts[i].width();
    }
    read(parts[index], key, at, to, row);
  }

  private static int end(byte[] bytes, int start) {
    int at = start;
    while (bytes[at] != ESCAPE || bytes[at + 1] == ESCAPED) {
      at += bytes[at] == ESCAPE ? 2 : 1;
    }
    return at + 2;
  }

  private static void read(Part part, byte[] bytes, int at, FieldVector to, int row) {
    int width = part.width();
    switch (part.kind()) {
      case BIT -> ((BitVector) to).setSafe(row, bytes[at]);
      case BYTES -> readBytes(bytes, at, (BaseVariableWidthVector) to, row);
      case FIXED_BYTES, SIGNED, FLOAT -> {
        byte[] value = new byte[width];
        for (int i = 0; i < width; i++) {
          value[i] = bytes[part.kind() == Kind.FIXED_BYTES ? at + i : at + width - 1 - i];
        }
        if (part.kind() == Kind.SIGNED || part.kind() == Kind.FLOAT && value[width - 1] < 0) {
          value[width - 1] ^= (byte) 0x80;
        } else if (part.kind() == Kind.FLOAT) {
          invert(value, 0, width);
        }
        while (row >= to.getValueCapacity()) {
          to.reAlloc();
        }
        to.getDataBuffer().setBytes((long) row * width, value, 0, width);
        BitVectorHelper.setBit(to.getValidityBuffer(), row);
      }
    }
  }

  private static void readBytes(byte[] bytes, int start, BaseVariableWidthVector to, int row) {
    int at = start;
    byte[] value = new byte[bytes.length - start];
    int length = 0;
    while (bytes[at] != ESCAPE || bytes[at + 1] == ESCAPED) {
      value[length++] = bytes[at];
      at += bytes[at] == ESCAPE ? 2 : 1;
    }
    to.setSafe(row, value, 0, length);
  }
}
