package dev.kelda.ai.onnx;

import dev.kelda.ai.registry.Signature.Port;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;

/** Columns of lists, of fixed length or not. */
final class Lists {
  private Lists() {}

  static boolean is(FieldVector vector) {
    return vector instanceof ListVector || vector instanceof FixedSizeListVector;
  }

  /**
   * How many elements each of the lists has.
   *
   * @throws KeldaException INVALID_ARGUMENT when it is not the same for all, or not the port's
   */
  static int width(Port port, FieldVector lists, int rows) {
    int width = port.width();
    for (int row = 0; row < rows; row++) {
      int length = end(lists, row) - start(lists, row);
      if (width >= 0 && length != width) {
        throw new KeldaException(
            ErrorCode.INVALID_ARGUMENT,
            "input \"%s\" takes %d values a row, not %d".formatted(port.name(), width, length));
      }
      width = length;
    }
    return Math.max(width, 0);
  }

  /** A NULL stands in the list. */
  static boolean hasNull(FieldVector lists, int row) {
    FieldVector elements = elements(lists);
    if (elements.getNullCount() > 0) {
      for (int i = start(lists, row); i < end(lists, row); i++) {
        if (elements.isNull(i)) {
          return true;
        }
      }
    }
    return false;
  }

  static FieldVector elements(FieldVector lists) {
    return switch (lists) {
      case ListVector v -> v.getDataVector();
      case FixedSizeListVector v -> v.getDataVector();
      default -> throw new IllegalStateException("no list: " + lists.getField());
    };
  }

  static int start(FieldVector lists, int row) {
    return switch (lists) {
      case ListVector v -> v.getElementStartIndex(row);
      case FixedSizeListVector v -> v.getElementStartIndex(row);
      default -> throw new IllegalStateException("no list: " + lists.getField());
    };
  }

  static int end(FieldVector lists, int row) {
    return switch (lists) {
      case ListVector v -> v.getElementEndIndex(row);
      case FixedSizeListVector v -> v.getElementEndIndex(row);
      default -> throw new IllegalStateException("no list: " + lists.getField());
    };
  }
}
