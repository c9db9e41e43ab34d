package dev.kelda.feature.serving;

import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.rows.TypeNames;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.FixedSizeBinaryVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.SmallIntVector;
import org.apache.arrow.vector.TimeMicroVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** Single values into vectors of canonical types. */
final class ScalarVectors {
  private ScalarVectors() {}

  /**
   * @param rows values of the fields' types, in the fields' order
   */
  static VectorSchemaRoot of(
      BufferAllocator allocator, List<Field> fields, List<List<Scalar>> rows) {
    VectorSchemaRoot root = VectorSchemaRoot.create(new Schema(fields), allocator);
    root.allocateNew();
    for (int row = 0; row < rows.size(); row++) {
      for (int column = 0; column < fields.size(); column++) {
        set(root.getVector(column), row, rows.get(row).get(column));
      }
    }
    root.setRowCount(rows.size());
    return root;
  }

  static void set(FieldVector vector, int row, Scalar scalar) {
    if (scalar.value().isEmpty()) {
      setNull(vector, row);
      return;
    }
    Object value = scalar.value().get();
    switch (vector) {
      case BitVector v -> v.setSafe(row, (Boolean) value ? 1 : 0);
      case TinyIntVector v -> v.setSafe(row, (byte) number(value));
      case SmallIntVector v -> v.setSafe(row, (short) number(value));
      case IntVector v -> v.setSafe(row, (int) number(value));
      case BigIntVector v -> v.setSafe(row, number(value));
      case Float4Vector v -> v.setSafe(row, ((Double) value).floatValue());
      case Float8Vector v -> v.setSafe(row, (Double) value);
      case DecimalVector v -> v.setSafe(row, (BigDecimal) value);
      case VarCharVector v -> v.setSafe(row, ((String) value).getBytes(StandardCharsets.UTF_8));
      case VarBinaryVector v -> v.setSafe(row, (byte[]) value);
      case FixedSizeBinaryVector v -> v.setSafe(row, (byte[]) value);
      case DateDayVector v -> v.setSafe(row, (int) number(value));
      case TimeMicroVector v -> v.setSafe(row, number(value));
      case TimeStampVector v -> v.setSafe(row, number(value));
      default ->
          throw new IllegalArgumentException("no constant: " + TypeNames.of(vector.getField()));
    }
  }

  private static void setNull(FieldVector vector, int row) {
    if (vector instanceof BaseFixedWidthVector fixed) {
      while (row >= fixed.getValueCapacity()) {
        fixed.reAlloc();
      }
    }
    vector.setNull(row);
  }

  private static long number(Object value) {
    return (Long) value;
  }
}
