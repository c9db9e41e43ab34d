package dev.kelda.feature.online;

import dev.kelda.spi.connector.BatchReader;
import dev.kelda.spi.connector.CanonicalTypes;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** Arrow batches out of lists of values. */
final class Batches {
  private Batches() {}

  static Field column(String name, ArrowType type) {
    return new Field(name, FieldType.nullable(type), null);
  }

  static VectorSchemaRoot of(BufferAllocator allocator, Schema schema, List<List<Object>> rows) {
    VectorSchemaRoot root = VectorSchemaRoot.create(schema, allocator);
    fill(root, rows);
    return root;
  }

  static ArrowReader reader(BufferAllocator allocator, Schema schema, List<List<Object>> rows) {
    return new BatchReader(allocator, schema) {
      private int next;

      @Override
      protected int fill(VectorSchemaRoot root) {
        int count = Math.min(3, rows.size() - next); // small batches, so that keys span them
        Batches.fill(root, rows.subList(next, next + count));
        next += count;
        return count;
      }

      @Override
      protected void closeReadSource() {}
    };
  }

  private static void fill(VectorSchemaRoot root, List<List<Object>> rows) {
    root.allocateNew();
    for (int row = 0; row < rows.size(); row++) {
      for (int column = 0; column < rows.get(row).size(); column++) {
        Object value = rows.get(row).get(column);
        if (value != null) {
          set(root.getVector(column), row, value);
        }
      }
    }
    root.setRowCount(rows.size());
  }

  private static void set(FieldVector vector, int row, Object value) {
    switch (vector) {
      case BigIntVector v -> v.setSafe(row, ((Number) value).longValue());
      case IntVector v -> v.setSafe(row, ((Number) value).intValue());
      case Float8Vector v -> v.setSafe(row, ((Number) value).doubleValue());
      case TimeStampVector v -> v.setSafe(row, ((Number) value).longValue());
      case VarCharVector v -> v.setSafe(row, ((String) value).getBytes(StandardCharsets.UTF_8));
      default -> throw new IllegalArgumentException(vector.getField().toString());
    }
  }

  /** Columns that most tests have: key k and s, time t, known kn, values a and b. */
  static final Schema COLUMNS =
      new Schema(
          List.of(
              column("a", CanonicalTypes.FLOAT64),
              column("k", CanonicalTypes.INT64),
              column("t", CanonicalTypes.TIMESTAMP),
              column("s", CanonicalTypes.UTF8),
              column("b", CanonicalTypes.UTF8),
              column("kn", CanonicalTypes.TIMESTAMP_TZ)));
}
