package dev.kelda.ai.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kelda.ai.registry.Signature;
import dev.kelda.ai.registry.Signature.Element;
import dev.kelda.ai.registry.Signature.Port;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Tensors as the Open Inference Protocol writes them: name, datatype, shape, data. */
public final class JsonTensors implements AutoCloseable {
  private final Map<String, OnnxTensor> inputs = new HashMap<>();

  private JsonTensors() {}

  /** The protocol's name of a type. */
  public static String name(Element element) {
    return switch (element) {
      case REAL -> "FP32";
      case DOUBLE -> "FP64";
      case INTEGER -> "INT32";
      case BIGINT -> "INT64";
      case BOOLEAN -> "BOOL";
      case VARCHAR -> "BYTES";
    };
  }

  /**
   * @throws KeldaException INVALID_ARGUMENT when the request does not fit the signature
   */
  public static JsonTensors read(OrtEnvironment environment, Signature signature, JsonNode request)
      throws OrtException {
    Map<String, JsonNode> given = new HashMap<>();
    request.path("inputs").forEach(input -> given.put(input.path("name").asText(), input));
    JsonTensors tensors = new JsonTensors();
    try {
      for (Port port : signature.inputs()) {
        JsonNode input = given.remove(port.name());
        if (input == null) {
          throw invalid("the input \"" + port.name() + "\" is missing");
        }
        tensors.inputs.put(port.name(), tensor(environment, port, input));
      }
      if (!given.isEmpty()) {
        throw invalid("the model has no input " + given.keySet());
      }
      return tensors;
    } catch (OrtException | RuntimeException e) {
      tensors.close();
      throw e;
    }
  }

  private static OnnxTensor tensor(OrtEnvironment environment, Port port, JsonNode input)
      throws OrtException {
    if (!input.path("datatype").asText().equals(name(port.element()))) {
      throw invalid(
          "the input \"%s\" is %s, not '%s'"
              .formatted(port.name(), name(port.element()), input.path("datatype").asText()));
    }
    List<JsonNode> values = new ArrayList<>();
    flatten(input.path("data"), values, 0);
    long[] shape = new long[input.path("shape").size()];
    long product = 1;
    for (int i = 0; i < shape.length; i++) {
      shape[i] = input.path("shape").get(i).asLong(-1);
      product = shape[i] < 0 || shape[i] > values.size() ? -1 : product * shape[i];
      if (product < 0 || product > values.size()) {
        break;
      }
    }
    boolean widthFits =
        port.flat() || port.width() < 0 || shape.length == 2 && shape[1] == port.width();
    if (product != values.size() || shape.length != (port.flat() ? 1 : 2) || !widthFits) {
      throw invalid(
          "the input \"%s\" has %d values, which do not fit its shape"
              .formatted(port.name(), values.size()));
    }
    int count = values.size();
    return switch (port.element()) {
      case REAL -> {
        FloatBuffer data = FloatBuffer.allocate(count);
        values.forEach(v -> data.put((float) number(port, v).asDouble()));
        yield OnnxTensor.createTensor(environment, data.flip(), shape);
      }
      case DOUBLE -> {
        DoubleBuffer data = DoubleBuffer.allocate(count);
        values.forEach(v -> data.put(number(port, v).asDouble()));
        yield OnnxTensor.createTensor(environment, data.flip(), shape);
      }
      case INTEGER -> {
        IntBuffer data = IntBuffer.allocate(count);
        values.forEach(v -> data.put(number(port, v).asInt()));
        yield OnnxTensor.createTensor(environment, data.flip(), shape);
      }
      case BIGINT -> {
        LongBuffer data = LongBuffer.allocate(count);
        values.forEach(v -> data.put(number(port, v).asLong()));
        yield OnnxTensor.createTensor(environment, data.flip(), shape);
      }
      case BOOLEAN -> {
        ByteBuffer data = ByteBuffer.allocate(count);
        values.forEach(v -> data.put((byte) (v.asBoolean() ? 1 : 0)));
        yield OnnxTensor.createTensor(
            environment, data.flip(), shape, ai.onnxruntime.OnnxJavaType.BOOL);
      }
      case VARCHAR ->
          OnnxTensor.createTensor(
              environment, values.stream().map(JsonNode::asText).toArray(String[]::new), shape);
    };
  }

  private static JsonNode number(Port port, JsonNode value) {
    if (!value.isNumber()) {
      throw invalid("the input \"" + port.name() + "\" takes numbers, not " + value);
    }
    return value;
  }

  /** Data may be nested as the shape is. */
  private static void flatten(JsonNode data, List<JsonNode> values, int depth) {
    if (!data.isArray() || depth > 2) {
      throw invalid("data is a list of values");
    }
    for (JsonNode value : data) {
      if (value.isArray()) {
        flatten(value, values, depth + 1);
      } else {
        values.add(value);
      }
    }
  }

  /** Runs the model and writes its outputs. */
  public void run(OnnxModel model, Signature signature, OrtSession.RunOptions options, ArrayNode to)
      throws OrtException {
    Set<String> outputs = new LinkedHashSet<>();
    signature.outputs().forEach(port -> outputs.add(port.name()));
    try (OrtSession.Result values = model.run(inputs, outputs, options)) {
      for (Port port : signature.outputs()) {
        OnnxTensor tensor = (OnnxTensor) values.get(port.name()).orElseThrow();
        ObjectNode output = to.addObject().put("name", port.name());
        output.put("datatype", name(port.element()));
        ArrayNode shape = output.putArray("shape");
        for (long dimension : tensor.getInfo().getShape()) {
          shape.add(dimension);
        }
        write(output.putArray("data"), port.element(), tensor);
      }
    }
  }

  private static void write(ArrayNode data, Element element, OnnxTensor tensor)
      throws OrtException {
    switch (element) {
      case REAL -> {
        for (FloatBuffer b = tensor.getFloatBuffer(); b.hasRemaining(); ) {
          data.add(b.get());
        }
      }
      case DOUBLE -> {
        for (DoubleBuffer b = tensor.getDoubleBuffer(); b.hasRemaining(); ) {
          data.add(b.get());
        }
      }
      case INTEGER -> {
        for (IntBuffer b = tensor.getIntBuffer(); b.hasRemaining(); ) {
          data.add(b.get());
        }
      }
      case BIGINT -> {
        for (LongBuffer b = tensor.getLongBuffer(); b.hasRemaining(); ) {
          data.add(b.get());
        }
      }
      case BOOLEAN -> {
        for (ByteBuffer b = tensor.getByteBuffer(); b.hasRemaining(); ) {
          data.add(b.get() != 0);
        }
      }
      case VARCHAR -> {
        for (String text : Outputs.texts(tensor.getValue())) {
          data.add(text);
        }
      }
    }
  }

  private static KeldaException invalid(String message) {
    return new KeldaException(ErrorCode.INVALID_ARGUMENT, message);
  }

  @Override
  public void close() {
    inputs.values().forEach(OnnxTensor::close);
  }
}
