package dev.kelda.ai.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import dev.kelda.ai.registry.Signature.Element;
import dev.kelda.ai.registry.Signature.Port;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntConsumer;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/** Tensors to columns. */
public final class Outputs {
  private Outputs() {}

  /** One value a row is a value, several are a list. */
  public static Field field(Port port) {
    Field element = Field.nullable("item", type(port.element()));
    return port.width() == 1
        ? Field.nullable(port.name(), element.getType())
        : new Field(port.name(), FieldType.nullable(ArrowType.List.INSTANCE), List.of(element));
  }

  /** The Arrow type of an element. */
  public static ArrowType type(Element element) {
    return switch (element) {
      case REAL -> CanonicalTypes.FLOAT32;
      case DOUBLE -> CanonicalTypes.FLOAT64;
      case INTEGER -> CanonicalTypes.INT32;
      case BIGINT -> CanonicalTypes.INT64;
      case BOOLEAN -> CanonicalTypes.BOOL;
      case VARCHAR -> CanonicalTypes.UTF8;
    };
  }

  /** Fills a vector of {@link #field} with one value a row; rows of {@code nulls} are NULL. */
  static void fill(FieldVector vector, Port port, OnnxTensor tensor, int rows, BitSet nulls)
      throws OrtException {
    long[] shape = tensor.getInfo().getShape();
    if (shape.length == 0 || shape[0] != rows || shape.length == 2 && shape[1] != 1) {
      throw new KeldaException(
          ErrorCode.INVALID_FILE,
          "output \"%s\" of the model has the shape %s for %d rows"
              .formatted(port.name(), Arrays.toString(shape), rows));
    }
    vector.setInitialCapacity(rows);
    vector.allocateNew();
    IntConsumer copy = copier(vector, tensor);
    for (int row = 0; row < rows; row++) {
      if (nulls.get(row)) {
        vector.setNull(row);
      } else {
        copy.accept(row);
      }
    }
    vector.setValueCount(rows);
  }

  /** Copies the tensor's element at a place to the same place of the vector. */
  private static IntConsumer copier(FieldVector vector, OnnxTensor tensor) throws OrtException {
    return switch (vector) {
      case Float4Vector v -> {
        FloatBuffer from = tensor.getFloatBuffer();
        yield i -> v.setSafe(i, from.get(i));
      }
      case Float8Vector v -> {
        DoubleBuffer from = tensor.getDoubleBuffer();
        yield i -> v.setSafe(i, from.get(i));
      }
      case IntVector v -> {
        IntBuffer from = tensor.getIntBuffer();
        yield i -> v.setSafe(i, from.get(i));
      }
      case BigIntVector v -> {
        LongBuffer from = tensor.getLongBuffer();
        yield i -> v.setSafe(i, from.get(i));
      }
      case BitVector v -> {
        ByteBuffer from = tensor.getByteBuffer();
        yield i -> v.setSafe(i, from.get(i) == 0 ? 0 : 1);
      }
      case VarCharVector v -> {
        String[] from = texts(tensor.getValue());
        yield i -> v.setSafe(i, from[i].getBytes(StandardCharsets.UTF_8));
      }
      default -> throw new IllegalStateException("no output of " + vector.getField());
    };
  }

  static String[] texts(Object value) {
    return value instanceof String[] flat
        ? flat
        : Arrays.stream((String[][]) value).flatMap(Arrays::stream).toArray(String[]::new);
  }
}
