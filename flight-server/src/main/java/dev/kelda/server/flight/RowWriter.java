package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.UInt1Vector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;

/** Appends rows of Java values to a root; an empty Optional or null is NULL. */
final class RowWriter {
  private final VectorSchemaRoot root;
  private int rows;

  RowWriter(VectorSchemaRoot root) {
    this.root = requireNonNull(root, "root is null");
    root.allocateNew();
  }

  /**
   * @param values String, Integer, Boolean, byte[], List of String, or null; one per column
   */
  void add(Object... values) {
    if (values.length != root.getFieldVectors().size()) {
      throw new IllegalArgumentException("row of " + values.length + " for " + root.getSchema());
    }
    for (int i = 0; i < values.length; i++) {
      set(root.getVector(i), values[i]);
    }
    rows++;
  }

  /** The root with the rows added so far. */
  VectorSchemaRoot finish() {
    root.setRowCount(rows);
    return root;
  }

  private void set(FieldVector vector, Object value) {
    if (value == null) {
      vector.setNull(rows);
      return;
    }
    switch (vector) {
      case VarCharVector v -> v.setSafe(rows, value.toString().getBytes(StandardCharsets.UTF_8));
      case VarBinaryVector v -> v.setSafe(rows, (byte[]) value);
      case IntVector v -> v.setSafe(rows, (Integer) value);
      case UInt1Vector v -> v.setSafe(rows, (Integer) value);
      case BitVector v -> v.setSafe(rows, (Boolean) value ? 1 : 0);
      case ListVector v -> setList(v, (List<?>) value);
      default -> throw new IllegalArgumentException("no writer for " + vector.getField());
    }
  }

  private void setList(ListVector list, List<?> values) {
    int start = list.startNewValue(rows);
    VarCharVector elements = (VarCharVector) list.getDataVector();
    for (int i = 0; i < values.size(); i++) {
      elements.setSafe(start + i, values.get(i).toString().getBytes(StandardCharsets.UTF_8));
    }
    list.endValue(rows, values.size());
  }
}
