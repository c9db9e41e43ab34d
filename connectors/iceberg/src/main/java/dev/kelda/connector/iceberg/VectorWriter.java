package dev.kelda.connector.iceberg;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.UUID;
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
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.MapVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

/** Puts Iceberg's internal values into Arrow vectors, nested ones too. Rows come in order. */
final class VectorWriter {
  private VectorWriter() {}

  static void set(FieldVector vector, int row, Type type, Object value) {
    if (value == null) {
      setNull(vector, row);
      return;
    }
    switch (vector) {
      case BitVector v -> v.setSafe(row, (Boolean) value ? 1 : 0);
      case IntVector v -> v.setSafe(row, ((Number) value).intValue());
      case BigIntVector v -> v.setSafe(row, ((Number) value).longValue());
      case Float4Vector v -> v.setSafe(row, ((Number) value).floatValue());
      case Float8Vector v -> v.setSafe(row, ((Number) value).doubleValue());
      case DateDayVector v -> v.setSafe(row, ((Number) value).intValue());
      case TimeMicroVector v -> v.setSafe(row, ((Number) value).longValue());
      case TimeStampVector v -> v.setSafe(row, ((Number) value).longValue());
      case DecimalVector v -> v.setSafe(row, (BigDecimal) value);
      case VarCharVector v -> v.setSafe(row, value.toString().getBytes(StandardCharsets.UTF_8));
      case VarBinaryVector v -> v.setSafe(row, bytes(value));
      case FixedSizeBinaryVector v -> v.setSafe(row, bytes(value));
      case MapVector v -> map(v, row, type.asMapType(), (Map<?, ?>) value);
      case ListVector v -> list(v, row, type.asListType(), (List<?>) value);
      case StructVector v -> struct(v, row, type.asStructType(), (StructLike) value);
      default -> throw new IllegalStateException("no writer for " + vector.getField());
    }
  }

  private static void setNull(FieldVector vector, int row) {
    while (vector.getValueCapacity() <= row) {
      vector.reAlloc();
    }
    vector.setNull(row);
  }

  private static byte[] bytes(Object value) {
    return switch (value) {
      case UUID uuid -> Values.bytes(Values.uuid(uuid));
      case ByteBuffer buffer -> Values.bytes(buffer);
      default -> (byte[]) value;
    };
  }

  private static void list(ListVector vector, int row, Types.ListType type, List<?> values) {
    int start = vector.startNewValue(row);
    for (int i = 0; i < values.size(); i++) {
      set(vector.getDataVector(), start + i, type.elementType(), values.get(i));
    }
    vector.endValue(row, values.size());
  }

  private static void map(MapVector vector, int row, Types.MapType type, Map<?, ?> values) {
    int start = vector.startNewValue(row);
    StructVector entries = (StructVector) vector.getDataVector();
    int i = start;
    for (Map.Entry<?, ?> entry : values.entrySet()) {
      entries.setIndexDefined(i);
      set((FieldVector) entries.getChildByOrdinal(0), i, type.keyType(), entry.getKey());
      set((FieldVector) entries.getChildByOrdinal(1), i, type.valueType(), entry.getValue());
      i++;
    }
    vector.endValue(row, i - start);
  }

  private static void struct(
      StructVector vector, int row, Types.StructType type, StructLike value) {
    vector.setIndexDefined(row);
    for (int i = 0; i < type.fields().size(); i++) {
      Object field = value.get(i, Object.class);
      set((FieldVector) vector.getChildByOrdinal(i), row, type.fields().get(i).type(), field);
    }
  }
}
