package dev.kelda.ai.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.kelda.ai.registry.Signature;
import dev.kelda.ai.registry.Signature.Element;
import dev.kelda.ai.registry.Signature.Labels;
import dev.kelda.ai.registry.Signature.Port;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.MapVector;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/** Tensors to columns, a row of a tensor a value. */
public final class Outputs {
  private Outputs() {}

  /** What a model gives for a row: its one output's value, or a row of the values of all. */
  public static Field result(Signature signature) {
    List<Field> fields = signature.outputs().stream().map(Outputs::field).toList();
    return fields.size() == 1
        ? fields.getFirst()
        : new Field("", FieldType.nullable(ArrowType.Struct.INSTANCE), fields);
  }

  /**
   * One value is a value, several are a list, of fixed length where the model says how many; with
   * labels they are a map.
   */
  public static Field field(Port port) {
    ArrowType element = type(port.element());
    if (port.hasLabels()) {
      Field key = new Field("key", FieldType.notNullable(type(port.labels().type())), null);
      Field entries =
          new Field(
              "entries",
              FieldType.notNullable(ArrowType.Struct.INSTANCE),
              List.of(key, Field.nullable("value", element)));
      return new Field(port.name(), FieldType.nullable(new ArrowType.Map(false)), List.of(entries));
    }
    if (port.width() == 1) {
      return Field.nullable(port.name(), element);
    }
    ArrowType list =
        port.width() < 0 ? ArrowType.List.INSTANCE : new ArrowType.FixedSizeList(port.width());
    return new Field(
        port.name(), FieldType.nullable(list), List.of(Field.nullable("item", element)));
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

  /**
   * Fills a new vector of {@link #result}; no value of it is NULL.
   *
   * @throws KeldaException INVALID_FILE when a tensor has not as many rows
   */
  static void fill(FieldVector vector, Signature signature, OrtSession.Result values, int rows)
      throws OrtException {
    List<Port> ports = signature.outputs();
    if (ports.size() == 1) {
      fill(vector, ports.getFirst(), tensor(ports.getFirst(), values), rows);
      return;
    }
    StructVector row = (StructVector) vector;
    row.setInitialCapacity(rows);
    row.allocateNew();
    for (int i = 0; i < ports.size(); i++) {
      fill(
          (FieldVector) row.getChildByOrdinal(i), ports.get(i), tensor(ports.get(i), values), rows);
    }
    setValid(row.getValidityBuffer(), rows);
    row.setValueCount(rows);
  }

  static OnnxTensor tensor(Port port, OrtSession.Result values) {
    OnnxValue value = values.get(port.name()).orElseThrow();
    if (value instanceof OnnxTensor tensor) {
      return tensor;
    }
    throw new KeldaException(
        ErrorCode.INVALID_FILE, "output \"%s\" of the model is no tensor".formatted(port.name()));
  }

  private static void fill(FieldVector vector, Port port, OnnxTensor tensor, int rows)
      throws OrtException {
    int width = width(port, tensor.getInfo().getShape(), rows);
    switch (vector) {
      case MapVector map -> {
        ends(map, rows, width);
        StructVector entries = (StructVector) map.getDataVector();
        entries.setInitialCapacity(rows * width);
        entries.allocateNew();
        keys((FieldVector) entries.getChildByOrdinal(0), port.labels(), rows);
        elements((FieldVector) entries.getChildByOrdinal(1), tensor, rows * width);
        setValid(entries.getValidityBuffer(), rows * width);
        map.setLastSet(rows - 1);
        map.setValueCount(rows);
      }
      case ListVector list -> {
        ends(list, rows, width);
        elements((FieldVector) list.getDataVector(), tensor, rows * width);
        list.setLastSet(rows - 1);
        list.setValueCount(rows);
      }
      case FixedSizeListVector list -> {
        list.setInitialCapacity(rows);
        list.allocateNew();
        elements((FieldVector) list.getDataVector(), tensor, rows * width);
        setValid(list.getValidityBuffer(), rows);
        list.setValueCount(rows);
      }
      default -> elements(vector, tensor, rows);
    }
  }

  private static int width(Port port, long[] shape, int rows) {
    long width = 1;
    for (int i = 1; i < shape.length; i++) {
      width *= shape[i];
    }
    boolean fits =
        shape.length > 0 && shape[0] == rows && (port.width() < 0 || port.width() == width);
    if (!fits || width * rows > Integer.MAX_VALUE) {
      throw new KeldaException(
          ErrorCode.INVALID_FILE,
          "output \"%s\" of the model has the shape %s for %d rows"
              .formatted(port.name(), Arrays.toString(shape), rows));
    }
    return (int) width;
  }

  /** Where each list ends. */
  private static void ends(ListVector lists, int rows, int width) {
    lists.setInitialCapacity(rows);
    lists.allocateNew();
    for (int row = 0; row <= rows; row++) {
      lists.getOffsetBuffer().setInt((long) row * Integer.BYTES, row * width);
    }
    setValid(lists.getValidityBuffer(), rows);
  }

  private static void keys(FieldVector keys, Labels labels, int rows) {
    int width = labels.names().size();
    keys.setInitialCapacity(rows * width);
    keys.allocateNew();
    switch (keys) {
      case BigIntVector numbers -> {
        long[] values = labels.names().stream().mapToLong(Long::parseLong).toArray();
        for (int i = 0; i < rows * width; i++) {
          numbers.setSafe(i, values[i % width]);
        }
      }
      case VarCharVector texts -> {
        byte[][] values =
            labels.names().stream()
                .map(name -> name.getBytes(StandardCharsets.UTF_8))
                .toArray(byte[][]::new);
        for (int i = 0; i < rows * width; i++) {
          texts.setSafe(i, values[i % width]);
        }
      }
      default -> throw new IllegalStateException("no keys of " + keys.getField());
    }
    keys.setValueCount(rows * width);
  }

  /** All elements of the tensor, one after the other. */
  private static void elements(FieldVector vector, OnnxTensor tensor, int count)
      throws OrtException {
    vector.setInitialCapacity(count);
    vector.allocateNew();
    ArrowBuf data = vector.getDataBuffer();
    switch (vector) {
      case Float4Vector v ->
          bytes(data, count * Float.BYTES).asFloatBuffer().put(tensor.getFloatBuffer());
      case Float8Vector v ->
          bytes(data, count * Double.BYTES).asDoubleBuffer().put(tensor.getDoubleBuffer());
      case IntVector v ->
          bytes(data, count * Integer.BYTES).asIntBuffer().put(tensor.getIntBuffer());
      case BigIntVector v ->
          bytes(data, count * Long.BYTES).asLongBuffer().put(tensor.getLongBuffer());
      case BitVector v -> {
        ByteBuffer from = tensor.getByteBuffer();
        for (int i = 0; i < count; i++) {
          v.set(i, from.get(i) == 0 ? 0 : 1);
        }
      }
      case VarCharVector v -> {
        String[] from = texts(tensor.getValue());
        for (int i = 0; i < count; i++) {
          v.setSafe(i, from[i].getBytes(StandardCharsets.UTF_8));
        }
      }
      default -> throw new IllegalStateException("no output of " + vector.getField());
    }
    setValid(vector.getValidityBuffer(), count);
    vector.setValueCount(count);
  }

  private static ByteBuffer bytes(ArrowBuf buffer, int size) {
    return buffer.nioBuffer(0, size).order(ByteOrder.nativeOrder());
  }

  private static void setValid(ArrowBuf validity, int count) {
    validity.setOne(0, (count + 7L) / 8);
  }

  static String[] texts(Object value) {
    return value instanceof String[] flat
        ? flat
        : Arrays.stream((Object[]) value)
            .flatMap(part -> Arrays.stream(texts(part)))
            .toArray(String[]::new);
  }
}
