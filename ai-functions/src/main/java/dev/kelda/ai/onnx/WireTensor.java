package dev.kelda.ai.onnx;

import static java.util.Objects.requireNonNull;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.kelda.ai.registry.Signature.Element;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A tensor as requests bring it and answers carry it; its first dimension is the rows.
 *
 * @param shape every dimension is known
 * @param data the elements in little-endian order, a byte for a boolean; empty for texts
 * @param texts empty for all other elements
 */
public record WireTensor(
    String name, Element element, List<Long> shape, ByteBuffer data, List<String> texts) {
  public WireTensor {
    requireNonNull(name, "name is null");
    requireNonNull(element, "element is null");
    shape = List.copyOf(shape);
    data = data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    texts = List.copyOf(texts);
  }

  /** Bytes of one element; 0 for texts, which have no one size. */
  public static int bytes(Element element) {
    return switch (element) {
      case REAL, INTEGER -> 4;
      case DOUBLE, BIGINT -> 8;
      case BOOLEAN -> 1;
      case VARCHAR -> 0;
    };
  }

  public int rows() {
    return Math.toIntExact(shape.getFirst());
  }

  /** How many elements. */
  public int count() {
    return Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
  }

  /** Some of the rows. */
  public WireTensor rows(int from, int count) {
    int width = rows() == 0 ? 0 : count() / rows();
    int bytes = width * bytes(element);
    List<Long> part = new ArrayList<>(shape);
    part.set(0, (long) count);
    return new WireTensor(
        name,
        element,
        part,
        data.slice(from * bytes, count * bytes),
        texts.isEmpty() ? texts : texts.subList(from * width, (from + count) * width));
  }

  /**
   * The rows of several tensors, one after the other.
   *
   * @param parts of one name and element, which differ in the number of their rows only
   */
  public static WireTensor joined(List<WireTensor> parts) {
    if (parts.size() == 1) {
      return parts.getFirst();
    }
    WireTensor first = parts.getFirst();
    List<Long> shape = new ArrayList<>(first.shape());
    shape.set(0, parts.stream().mapToLong(WireTensor::rows).sum());
    ByteBuffer data =
        ByteBuffer.allocate(parts.stream().mapToInt(part -> part.data().remaining()).sum());
    List<String> texts = new ArrayList<>();
    for (WireTensor part : parts) {
      data.put(part.data().duplicate());
      texts.addAll(part.texts());
    }
    return new WireTensor(first.name(), first.element(), shape, data.flip(), texts);
  }

  OnnxTensor tensor(OrtEnvironment environment) throws OrtException {
    long[] dimensions = shape.stream().mapToLong(Long::longValue).toArray();
    return element == Element.VARCHAR
        ? OnnxTensor.createTensor(environment, texts.toArray(String[]::new), dimensions)
        : Tensors.tensor(environment, element, data, dimensions);
  }

  static WireTensor of(String name, Element element, OnnxTensor tensor) throws OrtException {
    List<Long> shape = Arrays.stream(tensor.getInfo().getShape()).boxed().toList();
    return element == Element.VARCHAR
        ? new WireTensor(
            name, element, shape, ByteBuffer.allocate(0), List.of(Outputs.texts(tensor.getValue())))
        : new WireTensor(name, element, shape, tensor.getByteBuffer(), List.of());
  }
}
