package dev.kelda.ai.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.kelda.ai.registry.Signature.Element;
import dev.kelda.ai.registry.Signature.Port;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;

/** Columns to one tensor of {@code rows} times {@code width} elements. */
final class Tensors {
  private Tensors() {}

  /** A tensor and the memory it looks at. */
  record Input(OnnxTensor tensor, ArrowBuf memory) implements AutoCloseable {
    @Override
    public void close() {
      tensor.close();
      memory.close();
    }
  }

  /**
   * @param columns {@code width} columns of the port's element type, or one column of lists
   * @param nulls rows that have a NULL; their elements are zero
   */
  static Input of(
      OrtEnvironment environment,
      Port port,
      List<FieldVector> columns,
      int rows,
      BitSet nulls,
      BufferAllocator allocator)
      throws OrtException {
    boolean list = isList(columns.getFirst());
    int width = list ? listWidth(port, columns.getFirst(), rows, nulls) : columns.size();
    long[] shape = port.flat() ? new long[] {rows} : new long[] {rows, width};
    if (port.element() == Element.VARCHAR) {
      return new Input(
          OnnxTensor.createTensor(environment, texts(columns, rows, nulls), shape),
          allocator.getEmpty());
    }
    long size = (long) rows * width * bytes(port.element());
    if (size > Integer.MAX_VALUE) {
      throw new KeldaException(
          ErrorCode.MEMORY_LIMIT_EXCEEDED, "a batch of " + size + " bytes; lower batch_rows");
    }
    ArrowBuf memory = allocator.buffer(Math.max(size, 1));
    try {
      memory.setZero(0, size);
      for (int c = 0; c < width; c++) {
        FieldVector values = list ? elements(columns.getFirst()) : columns.get(c);
        for (int row = 0; row < rows; row++) {
          if (!nulls.get(row)) {
            int at = list ? start(columns.getFirst(), row) + c : row;
            set(memory, (long) row * width + c, values, at);
          }
        }
      }
      return new Input(tensor(environment, port.element(), memory, size, shape), memory);
    } catch (OrtException | RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  static boolean isList(FieldVector vector) {
    return vector instanceof ListVector || vector instanceof FixedSizeListVector;
  }

  private static OnnxTensor tensor(
      OrtEnvironment environment, Element element, ArrowBuf memory, long size, long[] shape)
      throws OrtException {
    ByteBuffer bytes = memory.nioBuffer(0, (int) size).order(ByteOrder.nativeOrder());
    return switch (element) {
      case REAL -> OnnxTensor.createTensor(environment, bytes.asFloatBuffer(), shape);
      case DOUBLE -> OnnxTensor.createTensor(environment, bytes.asDoubleBuffer(), shape);
      case INTEGER -> OnnxTensor.createTensor(environment, bytes.asIntBuffer(), shape);
      case BIGINT -> OnnxTensor.createTensor(environment, bytes.asLongBuffer(), shape);
      case BOOLEAN -> OnnxTensor.createTensor(environment, bytes, shape, OnnxJavaType.BOOL);
      case VARCHAR -> throw new IllegalStateException("texts have no buffer");
    };
  }

  private static void set(ArrowBuf to, long at, FieldVector values, int row) {
    switch (values) {
      case Float4Vector v -> to.setFloat(at * 4, v.get(row));
      case Float8Vector v -> to.setDouble(at * 8, v.get(row));
      case IntVector v -> to.setInt(at * 4, v.get(row));
      case BigIntVector v -> to.setLong(at * 8, v.get(row));
      case BitVector v -> to.setByte(at, v.get(row));
      default -> throw new IllegalStateException("no tensor of " + values.getField());
    }
  }

  private static String[] texts(List<FieldVector> columns, int rows, BitSet nulls) {
    int width = columns.size();
    String[] texts = new String[rows * width];
    for (int c = 0; c < width; c++) {
      VarCharVector values = (VarCharVector) columns.get(c);
      for (int row = 0; row < rows; row++) {
        texts[row * width + c] =
            nulls.get(row) ? "" : new String(values.get(row), StandardCharsets.UTF_8);
      }
    }
    return texts;
  }

  private static int listWidth(Port port, FieldVector lists, int rows, BitSet nulls) {
    int width = port.width();
    for (int row = 0; row < rows; row++) {
      if (nulls.get(row)) {
        continue;
      }
      int length = end(lists, row) - start(lists, row);
      if (width >= 0 && length != width) {
        throw new KeldaException(
            ErrorCode.INVALID_ARGUMENT,
            "input \"%s\" takes %d values a row, not %d".formatted(port.name(), width, length));
      }
      width = length;
      for (int i = start(lists, row); i < end(lists, row); i++) {
        if (elements(lists).isNull(i)) {
          nulls.set(row);
        }
      }
    }
    return Math.max(width, 0);
  }

  private static FieldVector elements(FieldVector lists) {
    return switch (lists) {
      case ListVector v -> v.getDataVector();
      case FixedSizeListVector v -> v.getDataVector();
      default -> throw new IllegalStateException("no list: " + lists.getField());
    };
  }

  private static int start(FieldVector lists, int row) {
    return switch (lists) {
      case ListVector v -> v.getElementStartIndex(row);
      case FixedSizeListVector v -> v.getElementStartIndex(row);
      default -> throw new IllegalStateException("no list: " + lists.getField());
    };
  }

  private static int end(FieldVector lists, int row) {
    return switch (lists) {
      case ListVector v -> v.getElementEndIndex(row);
      case FixedSizeListVector v -> v.getElementEndIndex(row);
      default -> throw new IllegalStateException("no list: " + lists.getField());
    };
  }

  private static int bytes(Element element) {
    return switch (element) {
      case REAL, INTEGER -> 4;
      case DOUBLE, BIGINT -> 8;
      case BOOLEAN -> 1;
      case VARCHAR -> 0;
    };
  }
}
