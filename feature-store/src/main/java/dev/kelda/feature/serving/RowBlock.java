package dev.kelda.feature.serving;

import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.BitVectorHelper;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.message.ArrowFieldNode;

/**
 * Memory of an answer: one block for all columns of fixed width. An answer has many columns and few
 * rows; memory for each of them, taken and given back, costs more than what is read into it.
 */
final class RowBlock {
  private static final int ALIGNMENT = 8;

  private RowBlock() {}

  /** Gives an empty root room for rows, all of them NULL. */
  static void allocate(VectorSchemaRoot root, int rows) {
    List<BaseFixedWidthVector> shared = new ArrayList<>(root.getFieldVectors().size());
    for (FieldVector vector : root.getFieldVectors()) {
      // The values of a BitVector are bits, too.
      if (vector instanceof BaseFixedWidthVector fixed && !(vector instanceof BitVector)) {
        shared.add(fixed);
      } else {
        vector.setInitialCapacity(rows);
        vector.allocateNew();
      }
    }
    if (rows > 0 && !shared.isEmpty()) {
      share(shared, rows);
    }
  }

  private static void share(List<BaseFixedWidthVector> vectors, int rows) {
    long bytes = 0;
    for (BaseFixedWidthVector vector : vectors) {
      bytes += validityBytes(rows) + valueBytes(vector, rows);
    }
    ArrowFieldNode allNull = new ArrowFieldNode(rows, rows);
    try (ArrowBuf block = vectors.getFirst().getAllocator().buffer(bytes)) {
      block.setZero(0, bytes);
      long at = 0;
      for (BaseFixedWidthVector vector : vectors) {
        ArrowBuf validity = block.slice(at, validityBytes(rows));
        at += validity.capacity();
        ArrowBuf values = block.slice(at, valueBytes(vector, rows));
        at += values.capacity();
        vector.loadFieldBuffers(allNull, List.of(validity, values));
      }
    }
  }

  private static long validityBytes(int rows) {
    return aligned(BitVectorHelper.getValidityBufferSize(rows));
  }

  private static long valueBytes(BaseFixedWidthVector vector, int rows) {
    return aligned((long) rows * vector.getTypeWidth());
  }

  private static long aligned(long bytes) {
    return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
  }
}
