package dev.kelda.connector.iceberg;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;
import org.apache.arrow.vector.BaseVariableWidthVector;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.FixedSizeBinaryVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.TimeMicroVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.iceberg.types.Type;

/** Arrow values in Iceberg's single-value serialisation. */
final class SingleValues {
  private SingleValues() {}

  private interface Writer {
    byte[] bytes(int row);
  }

  /** Gives every value that is not NULL; the array is good until the next one. */
  static void of(FieldVector vector, Type type, Consumer<byte[]> values) {
    Writer writer = writer(vector, type);
    for (int row = 0; row < vector.getValueCount(); row++) {
      if (!vector.isNull(row)) {
        values.accept(writer.bytes(row));
      }
    }
  }

  private static Writer writer(FieldVector vector, Type type) {
    return switch (vector) {
      case BitVector v -> row -> new byte[] {(byte) v.get(row)};
      case IntVector v -> new Numbers(Integer.BYTES, (buffer, row) -> buffer.putInt(0, v.get(row)));
      case DateDayVector v ->
          new Numbers(Integer.BYTES, (buffer, row) -> buffer.putInt(0, v.get(row)));
      case BigIntVector v ->
          new Numbers(Long.BYTES, (buffer, row) -> buffer.putLong(0, v.get(row)));
      case TimeMicroVector v ->
          new Numbers(Long.BYTES, (buffer, row) -> buffer.putLong(0, v.get(row)));
      case TimeStampVector v ->
          new Numbers(Long.BYTES, (buffer, row) -> buffer.putLong(0, v.get(row)));
      case Float4Vector v ->
          new Numbers(Float.BYTES, (buffer, row) -> buffer.putFloat(0, v.get(row)));
      case Float8Vector v ->
          new Numbers(Double.BYTES, (buffer, row) -> buffer.putDouble(0, v.get(row)));
      case DecimalVector v -> row -> v.getObject(row).unscaledValue().toByteArray();
      case FixedSizeBinaryVector v -> v::get;
      case BaseVariableWidthVector v -> variable(v);
      default -> throw new IllegalStateException(type + " has no single values");
    };
  }

  private static Writer variable(BaseVariableWidthVector vector) {
    return row -> {
      int start = vector.getStartOffset(row);
      byte[] bytes = new byte[vector.getEndOffset(row) - start];
      vector.getDataBuffer().getBytes(start, bytes);
      return bytes;
    };
  }

  private interface Put {
    void put(ByteBuffer buffer, int row);
  }

  /** Numbers of one width, in one array. */
  private static final class Numbers implements Writer {
    private final ByteBuffer buffer;
    private final Put put;

    Numbers(int width, Put put) {
      this.buffer = ByteBuffer.allocate(width).order(ByteOrder.LITTLE_ENDIAN);
      this.put = put;
    }

    @Override
    public byte[] bytes(int row) {
      put.put(buffer, row);
      return buffer.array();
    }
  }
}
