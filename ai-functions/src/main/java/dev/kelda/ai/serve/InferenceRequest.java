package dev.kelda.ai.serve;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kelda.ai.onnx.WireTensor;
import dev.kelda.ai.registry.Signature;
import dev.kelda.ai.registry.Signature.Element;
import dev.kelda.ai.registry.Signature.Port;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.http.HttpCall;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an inference request says: JSON, and behind it tensors as bytes where the client sends the
 * binary extension.
 *
 * @param inputs one per input of the model, in its order
 * @param outputs asked for, true = as bytes; in the order of the answer
 */
record InferenceRequest(
    Optional<String> id, List<WireTensor> inputs, Map<String, Boolean> outputs) {
  static final String HEADER_LENGTH = "inference-header-content-length";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MOST_NESTING = 8;

  InferenceRequest {
    requireNonNull(id, "id is null");
    inputs = List.copyOf(inputs);
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
  }

  /**
   * @throws KeldaException INVALID_ARGUMENT when the request does not fit the signature
   */
  static InferenceRequest read(HttpCall call, Signature signature) {
    int header = headerLength(call);
    JsonNode request = parsed(call.body(), header);
    ByteBuffer rest =
        ByteBuffer.wrap(call.body(), header, call.body().length - header)
            .slice()
            .order(ByteOrder.LITTLE_ENDIAN);
    Map<String, Port> ports = new HashMap<>();
    signature.inputs().forEach(port -> ports.put(port.name(), port));
    Map<String, WireTensor> given = new HashMap<>();
    for (JsonNode input : request.path("inputs")) {
      String name = input.path("name").asText();
      Port port = ports.get(name);
      if (port == null) {
        throw invalid("the model has no input \"%s\"; it has %s".formatted(name, ports.keySet()));
      }
      if (given.put(name, tensor(port, input, rest)) != null) {
        throw invalid("the input \"%s\" stands twice".formatted(name));
      }
    }
    if (rest.hasRemaining()) {
      throw invalid("%d bytes are left behind the tensors".formatted(rest.remaining()));
    }
    List<WireTensor> inputs = new ArrayList<>();
    for (Port port : signature.inputs()) {
      if (!given.containsKey(port.name())) {
        throw invalid("the input \"" + port.name() + "\" is missing");
      }
      inputs.add(given.get(port.name()));
    }
    return new InferenceRequest(
        Optional.ofNullable(request.get("id")).filter(id -> !id.isNull()).map(JsonNode::asText),
        inputs,
        outputs(request, signature));
  }

  private static Map<String, Boolean> outputs(JsonNode request, Signature signature) {
    boolean binary = request.path("parameters").path("binary_data_output").asBoolean(false);
    Map<String, Boolean> outputs = new LinkedHashMap<>();
    List<String> known = signature.outputs().stream().map(Port::name).toList();
    for (JsonNode output : request.path("outputs")) {
      String name = output.path("name").asText();
      if (!known.contains(name)) {
        throw invalid("the model has no output \"%s\"; it has %s".formatted(name, known));
      }
      outputs.put(name, output.path("parameters").path("binary_data").asBoolean(binary));
    }
    if (outputs.isEmpty()) {
      known.forEach(name -> outputs.put(name, binary));
    }
    return outputs;
  }

  private static int headerLength(HttpCall call) {
    Optional<String> text = call.header(HEADER_LENGTH);
    if (text.isEmpty()) {
      return call.body().length;
    }
    int length = text.get().matches("[0-9]{1,9}") ? Integer.parseInt(text.get()) : -1;
    if (length < 0 || length > call.body().length) {
      throw invalid(HEADER_LENGTH + " '" + text.get() + "' does not fit the body");
    }
    return length;
  }

  private static JsonNode parsed(byte[] body, int length) {
    try {
      JsonNode request = JSON.readTree(body, 0, length);
      if (request != null && request.isObject()) {
        return request;
      }
    } catch (IOException e) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "the body is no JSON: " + e.getMessage(), e);
    }
    throw invalid("the body is no JSON object");
  }

  private static WireTensor tensor(Port port, JsonNode input, ByteBuffer rest) {
    String type = input.path("datatype").asText();
    if (!type.equals(DataTypes.name(port.element()))) {
      throw invalid(
          "the input \"%s\" is %s, not '%s'"
              .formatted(port.name(), DataTypes.name(port.element()), type));
    }
    JsonNode size = input.path("parameters").path("binary_data_size");
    WireTensor tensor =
        size.isMissingNode()
            ? values(port, shape(input), input.path("data"))
            : bytes(port, shape(input), block(port, size.asLong(-1), rest));
    int dimensions = port.flat() ? 1 : 2;
    boolean fits =
        tensor.shape().size() == dimensions
            && (port.flat() || port.width() < 0 || tensor.shape().get(1) == port.width());
    if (!fits) {
      throw misfit(port, tensor.shape());
    }
    return tensor;
  }

  private static List<Long> shape(JsonNode input) {
    List<Long> shape = new ArrayList<>();
    input.path("shape").forEach(size -> shape.add(size.asLong(-1)));
    return shape;
  }

  private static ByteBuffer block(Port port, long size, ByteBuffer rest) {
    if (size < 0 || size > rest.remaining()) {
      throw invalid("the input \"%s\" has not its %d bytes".formatted(port.name(), size));
    }
    ByteBuffer block = rest.slice(rest.position(), (int) size).order(ByteOrder.LITTLE_ENDIAN);
    rest.position(rest.position() + (int) size);
    return block;
  }

  private static WireTensor bytes(Port port, List<Long> shape, ByteBuffer block) {
    if (port.element() == Element.VARCHAR) {
      List<String> texts = DataTypes.texts(block);
      checkCount(port, shape, texts.size());
      return new WireTensor(port.name(), port.element(), shape, ByteBuffer.allocate(0), texts);
    }
    int bytes = WireTensor.bytes(port.element());
    if (block.remaining() % bytes != 0) {
      throw misfit(port, shape);
    }
    checkCount(port, shape, block.remaining() / bytes);
    return new WireTensor(port.name(), port.element(), shape, block, List.of());
  }

  private static WireTensor values(Port port, List<Long> shape, JsonNode data) {
    List<JsonNode> values = new ArrayList<>();
    flatten(data, values, 0);
    checkCount(port, shape, values.size());
    if (port.element() == Element.VARCHAR) {
      return new WireTensor(
          port.name(),
          port.element(),
          shape,
          ByteBuffer.allocate(0),
          values.stream().map(JsonNode::asText).toList());
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(values.size() * WireTensor.bytes(port.element()))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (JsonNode value : values) {
      switch (port.element()) {
        case REAL -> bytes.putFloat((float) number(port, value).asDouble());
        case DOUBLE -> bytes.putDouble(number(port, value).asDouble());
        case INTEGER -> bytes.putInt(integer(port, value).asInt());
        case BIGINT -> bytes.putLong(integer(port, value).asLong());
        case BOOLEAN -> bytes.put((byte) (truth(port, value) ? 1 : 0));
        case VARCHAR -> throw new IllegalStateException("texts have no buffer");
      }
    }
    return new WireTensor(port.name(), port.element(), shape, bytes.flip(), List.of());
  }

  /** Every dimension is believed only after the product fits what is there. */
  private static void checkCount(Port port, List<Long> shape, int count) {
    long product = shape.isEmpty() ? -1 : 1;
    for (long size : shape) {
      product = size < 0 || size > Math.max(count, 1) || product < 0 ? -1 : product * size;
      if (product > count) {
        product = -1;
      }
    }
    if (product != count || count == 0) {
      throw misfit(port, shape);
    }
  }

  private static JsonNode number(Port port, JsonNode value) {
    if (!value.isNumber()) {
      throw invalid("the input \"" + port.name() + "\" takes numbers, not " + value);
    }
    return value;
  }

  private static JsonNode integer(Port port, JsonNode value) {
    boolean fits =
        value.isIntegralNumber()
            && (port.element() == Element.INTEGER
                ? value.canConvertToInt()
                : value.canConvertToLong());
    if (!fits) {
      throw invalid("the input \"" + port.name() + "\" takes whole numbers, not " + value);
    }
    return value;
  }

  private static boolean truth(Port port, JsonNode value) {
    if (!value.isBoolean()) {
      throw invalid("the input \"" + port.name() + "\" takes true and false, not " + value);
    }
    return value.asBoolean();
  }

  /** Data may be nested as the shape is. */
  private static void flatten(JsonNode data, List<JsonNode> values, int depth) {
    if (!data.isArray() || depth > MOST_NESTING) {
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

  private static KeldaException misfit(Port port, List<Long> shape) {
    return invalid(
        "the input \"%s\" does not fit its shape %s; the model takes %s"
            .formatted(port.name(), shape, DataTypes.shape(port)));
  }

  private static KeldaException invalid(String message) {
    return new KeldaException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
