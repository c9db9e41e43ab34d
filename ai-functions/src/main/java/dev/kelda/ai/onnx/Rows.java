package dev.kelda.ai.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;

/** A model sees only rows without a NULL: they are taken out of a batch, and put back. */
final class Rows {
  private Rows() {}

  /** The rows without a NULL, in lists too. */
  static int[] complete(List<FieldVector> columns, int rows) {
    List<FieldVector> some = columns.stream().filter(Rows::mayHaveNull).toList();
    return some.isEmpty()
        ? IntStream.range(0, rows).toArray()
        : IntStream.range(0, rows)
            .filter(row -> some.stream().noneMatch(column -> isNull(column, row)))
            .toArray();
  }

  private static boolean mayHaveNull(FieldVector column) {
    return column.getNullCount() > 0
        || Lists.is(column) && Lists.elements(column).getNullCount() > 0;
  }

  private static boolean isNull(FieldVector column, int row) {
    return column.isNull(row) || Lists.is(column) && Lists.hasNull(column, row);
  }

  /**
   * New columns of these rows alone.
   *
   * @return closed by the caller
   */
  static List<FieldVector> taken(List<FieldVector> columns, int[] rows, BufferAllocator allocator) {
    List<FieldVector> taken = new ArrayList<>();
    try {
      for (FieldVector column : columns) {
        FieldVector to = column.getField().createVector(allocator);
        taken.add(to);
        to.setInitialCapacity(rows.length);
        to.allocateNew();
        for (int i = 0; i < rows.length; i++) {
          to.copyFromSafe(rows[i], i, column);
        }
        to.setValueCount(rows.length);
      }
      return taken;
    } catch (RuntimeException | Error e) {
      taken.forEach(FieldVector::close);
      throw e;
    }
  }

  /** The values go to these rows of a new vector, the others are NULL. */
  static FieldVector putBack(FieldVector values, int[] rows, int count, BufferAllocator allocator) {
    FieldVector all = values.getField().createVector(allocator);
    try {
      all.setInitialCapacity(count);
      all.allocateNew();
      for (int i = 0; i < rows.length; i++) {
        all.copyFromSafe(i, rows[i], values);
      }
      all.setValueCount(count);
      return all;
    } catch (RuntimeException | Error e) {
      all.close();
      throw e;
    }
  }
}
