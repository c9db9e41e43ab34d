package dev.kelda.feature.serving;

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
    long bytes = 0;
    for (FieldVector vector : root.getFieldVectors()) {
      if (vector instanceof BaseFixedWidthVector fixed && isShared(fixed)) {
        bytes += validityBytes(rows) + valueBytes(fixed, rows);
      } else {
        vector.setInitialCapacity(rows);
        vector.allocateNew();
      }
    }
    if (bytes > 0) {
      share(root, rows, bytes);
    }
  }

  private static boolean isShared(BaseFixedWidthVector vector) {
    return !(vector instanceof BitVector); // whose values are bits, too
  }

  private static void share(VectorSchemaRoot root, int rows, long bytes) {
    ArrowFieldNode node = new ArrowFieldNode(rows, rows);
    try (ArrowBuf block = root.getVector(0).getAllocator().buffer(bytes)) {
      block.setZero(0, bytes);
      long at = 0;
      for (FieldVector vector : root.getFieldVectors()) {
        if (vector instanceof BaseFixedWidthVector fixed && isShared(fixed)) {
          ArrowBuf validity = block.slice(at, validityBytes(rows));
          at += validity.capacity();
          ArrowBuf values = block.slice(at, valueBytes(fixed, rows));
          at += values.capacity();
          fixed.loadFieldBuffers(node, List.of(validity, values));
        }
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
