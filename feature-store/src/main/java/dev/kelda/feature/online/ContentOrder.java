package dev.kelda.feature.online;

import java.util.Arrays;
import java.util.List;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * The order of rows that agree in their times: column by column as SQL orders values, NULL first,
 * so that of two such rows the same one wins wherever it is asked. Immutable.
 */
final class ContentOrder {
  private final RowCodec codec;
  private final List<Field> fields;

  ContentOrder(RowCodec codec, List<Field> fields) {
    this.codec = codec;
    this.fields = List.copyOf(fields);
  }

  /** Compares two rows of the codec, each given by its bytes and where it begins. */
  int compare(byte[] a, int aStart, byte[] b, int bStart) {
    for (int i = 0; i < fields.size(); i++) {
      boolean aNull = codec.isNull(a, aStart, i);
      boolean bNull = codec.isNull(b, bStart, i);
      if (aNull || bNull) {
        if (aNull != bNull) {
          return aNull ? -1 : 1;
        }
        continue;
      }
      int order =
          values(fields.get(i), a, codec.position(a, aStart, i), b, codec.position(b, bStart, i));
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  private static int values(Field field, byte[] a, int aAt, byte[] b, int bAt) {
    return switch (field.getType()) {
      case ArrowType.Null ignored -> 0;
      case ArrowType.Bool ignored -> Byte.compare(a[aAt], b[bAt]);
      case ArrowType.Utf8 ignored -> variable(a, aAt, b, bAt);
      case ArrowType.Binary ignored -> variable(a, aAt, b, bAt);
      case ArrowType.FixedSizeBinary binary ->
          Arrays.compareUnsigned(
              a, aAt, aAt + binary.getByteWidth(), b, bAt, bAt + binary.getByteWidth());
      case ArrowType.FloatingPoint ignored ->
          FixedWidths.of(field) == Float.BYTES
              ? Integer.compare(
                  total((int) RowBuffer.INT.get(a, aAt)), total((int) RowBuffer.INT.get(b, bAt)))
              : Long.compare(
                  total((long) RowBuffer.LONG.get(a, aAt)),
                  total((long) RowBuffer.LONG.get(b, bAt)));
      case ArrowType.List ignored -> nested(field, a, aAt, b, bAt);
      case ArrowType.FixedSizeList ignored -> nested(field, a, aAt, b, bAt);
      case ArrowType.Struct ignored -> nested(field, a, aAt, b, bAt);
      case ArrowType.Map ignored -> nested(field, a, aAt, b, bAt);
      default -> signed(FixedWidths.of(field), a, aAt, b, bAt);
    };
  }

  /** Floating point in the order of IEEE 754: −NaN, −∞, …, −0, 0, …, ∞, NaN. */
  private static int total(int bits) {
    return bits ^ (bits >> 31 & Integer.MAX_VALUE);
  }

  private static long total(long bits) {
    return bits ^ (bits >> 63 & Long.MAX_VALUE);
  }

  private static int signed(int width, byte[] a, int aAt, byte[] b, int bAt) {
    int sign = Byte.compare(a[aAt + width - 1], b[bAt + width - 1]);
    for (int i = width - 2; sign == 0 && i >= 0; i--) {
      sign = Byte.compareUnsigned(a[aAt + i], b[bAt + i]);
    }
    return sign;
  }

  private static int variable(byte[] a, int aAt, byte[] b, int bAt) {
    int aEnd = aAt + 4 + (int) RowBuffer.INT.get(a, aAt);
    int bEnd = bAt + 4 + (int) RowBuffer.INT.get(b, bAt);
    return Arrays.compareUnsigned(a, aAt + 4, aEnd, b, bAt + 4, bEnd);
  }

  // By their bytes: an order that depends on nothing but the values, if not on what they mean.
  private static int nested(Field field, byte[] a, int aAt, byte[] b, int bAt) {
    ColumnCodec codec = ColumnCodec.of(field);
    return Arrays.compareUnsigned(a, aAt, codec.end(a, aAt), b, bAt, codec.end(b, bAt));
  }
}
