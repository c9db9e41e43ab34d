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
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;

/**
 * Columns without NULLs to one tensor of {@code rows} times {@code width} elements. Where a
 * column's memory is laid out as the tensor is, the tensor looks at it; else it is copied column by
 * column.
 */
final class Tensors {
  private Tensors() {}

  /**
   * A tensor and the memory that was made for it.
   *
   * @param memory empty where the tensor looks at a column
   */
  record Input(OnnxTensor tensor, ArrowBuf memory) implements AutoCloseable {
    @Override
    public void close() {
      tensor.close();
      memory.close();
    }
  }

  /**
   * @param columns {@code width} columns of the port's element type, or one column of lists; they
   *     stay as they are until the tensor is closed
   */
  static Input of(
      OrtEnvironment environment,
      Port port,
      List<FieldVector> columns,
      int rows,
      BufferAllocator allocator)
      throws OrtException {
    FieldVector first = columns.getFirst();
    int width = Lists.is(first) ? Lists.width(port, first, rows) : columns.size();
    long[] shape = port.flat() ? new long[] {rows} : new long[] {rows, width};
    int size = size(port.element(), rows, width);
    List<Part> parts =
        Lists.is(first)
            ? List.of(new Part(Lists.elements(first), Lists.start(first, 0), rows * width))
            : columns.stream().map(column -> new Part(column, 0, rows)).toList();
    if (port.element() == Element.VARCHAR) {
      String[] texts = texts(parts, rows * width);
      return new Input(OnnxTensor.createTensor(environment, texts, shape), allocator.getEmpty());
    }
    if (parts.size() == 1 && port.element() != Element.BOOLEAN) {
      ByteBuffer bytes = parts.getFirst().bytes(size / Math.max(rows * width, 1));
      return new Input(tensor(environment, port.element(), bytes, shape), allocator.getEmpty());
    }
    ArrowBuf memory = allocator.buffer(Math.max(size, 1));
    try {
      ByteBuffer bytes = memory.nioBuffer(0, size).order(ByteOrder.nativeOrder());
      for (int i = 0; i < parts.size(); i++) {
        parts.get(i).copy(port.element(), bytes, i, parts.size());
      }
      return new Input(tensor(environment, port.element(), bytes, shape), memory);
    } catch (OrtException | RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  /** Elements of a vector, one after the other. */
  private record Part(FieldVector vector, int start, int count) {
    ByteBuffer bytes(int elementBytes) {
      return vector
          .getDataBuffer()
          .nioBuffer((long) start * elementBytes, count * elementBytes)
          .order(ByteOrder.nativeOrder());
    }

    /** To every {@code step}-th element of the tensor. */
    void copy(Element element, ByteBuffer to, int first, int step) {
      switch (element) {
        case REAL, INTEGER -> {
          IntBuffer from = bytes(Integer.BYTES).asIntBuffer();
          IntBuffer out = to.asIntBuffer();
          for (int i = 0, at = first; i < count; i++, at += step) {
            out.put(at, from.get(i));
          }
        }
        case DOUBLE, BIGINT -> {
          LongBuffer from = bytes(Long.BYTES).asLongBuffer();
          LongBuffer out = to.asLongBuffer();
          for (int i = 0, at = first; i < count; i++, at += step) {
            out.put(at, from.get(i));
          }
        }
        case BOOLEAN -> {
          BitVector from = (BitVector) vector;
          for (int i = 0, at = first; i < count; i++, at += step) {
            to.put(at, (byte) from.get(start + i));
          }
        }
        case VARCHAR -> throw new IllegalStateException("texts have no buffer");
      }
    }
  }

  static OnnxTensor tensor(
      OrtEnvironment environment, Element element, ByteBuffer bytes, long[] shape)
      throws OrtException {
    return switch (element) {
      case REAL -> OnnxTensor.createTensor(environment, bytes.asFloatBuffer(), shape);
      case DOUBLE -> OnnxTensor.createTensor(environment, bytes.asDoubleBuffer(), shape);
      case INTEGER -> OnnxTensor.createTensor(environment, bytes.asIntBuffer(), shape);
      case BIGINT -> OnnxTensor.createTensor(environment, bytes.asLongBuffer(), shape);
      case BOOLEAN -> OnnxTensor.createTensor(environment, bytes, shape, OnnxJavaType.BOOL);
      case VARCHAR -> throw new IllegalStateException("texts have no buffer");
    };
  }

  private static String[] texts(List<Part> parts, int count) {
    String[] texts = new String[count];
    for (int p = 0; p < parts.size(); p++) {
      Part part = parts.get(p);
      VarCharVector values = (VarCharVector) part.vector();
      for (int i = 0; i < part.count(); i++) {
        byte[] text = values.get(part.start() + i);
        texts[i * parts.size() + p] = new String(text, StandardCharsets.UTF_8);
      }
    }
    return texts;
  }

  private static int size(Element element, int rows, int width) {
    int bytes =
        switch (element) {
          case REAL, INTEGER -> 4;
          case DOUBLE, BIGINT -> 8;
          case BOOLEAN -> 1;
          case VARCHAR -> 0;
        };
    long size = (long) rows * width * bytes;
    if (size > Integer.MAX_VALUE) {
      throw new KeldaException(
          ErrorCode.MEMORY_LIMIT_EXCEEDED, "a batch of " + size + " bytes; lower batch_rows");
    }
    return (int) size;
  }
}
