package dev.kelda.executor.functions;

import dev.kelda.spi.function.JavaFunction;
import java.nio.charset.StandardCharsets;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;

/** A function from one text to another; ASCII texts, the most of them, may pass untouched. */
abstract class TextFunction implements JavaFunction {

  /** The result for a text that is not only ASCII. */
  abstract String apply(String text);

  @Override
  public final FieldVector evaluate(VectorSchemaRoot arguments, BufferAllocator allocator) {
    VarCharVector texts = (VarCharVector) arguments.getVector(0);
    int rows = arguments.getRowCount();
    VarCharVector result = new VarCharVector(id(), allocator);
    try {
      result.allocateNew(rows);
      for (int row = 0; row < rows; row++) {
        if (texts.isNull(row)) {
          result.setNull(row);
        } else {
          byte[] bytes = texts.get(row);
          result.setSafe(row, isAscii(bytes) ? bytes : changed(bytes));
        }
      }
      result.setValueCount(rows);
      return result;
    } catch (RuntimeException | Error e) {
      result.close();
      throw e;
    }
  }

  private byte[] changed(byte[] bytes) {
    return apply(new String(bytes, StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8);
  }

  private static boolean isAscii(byte[] bytes) {
    for (byte b : bytes) {
      if (b < 0) {
        return false;
      }
    }
    return true;
  }
}
