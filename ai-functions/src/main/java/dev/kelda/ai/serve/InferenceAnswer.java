package dev.kelda.ai.serve;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kelda.ai.onnx.WireTensor;
import dev.kelda.ai.registry.ModelVersion;
import dev.kelda.ai.registry.Signature.Element;
import dev.kelda.ai.registry.Signature.Port;
import dev.kelda.spi.http.HttpAnswer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;

/**
 * What goes back for a request.
 *
 * @param outputs one per output of the model
 */
record InferenceAnswer(ModelVersion version, InferenceRequest request, List<WireTensor> outputs) {
  private static final ObjectMapper JSON = new ObjectMapper();

  InferenceAnswer {
    requireNonNull(version, "version is null");
    requireNonNull(request, "request is null");
    outputs = List.copyOf(outputs);
  }

  HttpAnswer write() {
    ObjectNode answer = JSON.createObjectNode().put("model_name", version.model());
    answer.put("model_version", String.valueOf(version.version()));
    request.id().ifPresent(id -> answer.put("id", id));
    ArrayNode tensors = answer.putArray("outputs");
    ByteArrayOutputStream binary = new ByteArrayOutputStream();
    request
        .outputs()
        .forEach((name, asBytes) -> write(tensors.addObject(), tensor(name), asBytes, binary));
    try {
      byte[] header = JSON.writeValueAsBytes(answer);
      if (!request.outputs().containsValue(true)) {
        return new HttpAnswer(200, "application/json", Map.of(), header);
      }
      ByteArrayOutputStream body = new ByteArrayOutputStream(header.length + binary.size());
      body.writeBytes(header);
      binary.writeTo(body);
      return new HttpAnswer(
          200,
          "application/octet-stream",
          Map.of(InferenceRequest.HEADER_LENGTH, String.valueOf(header.length)),
          body.toByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private WireTensor tensor(String name) {
    return outputs.stream().filter(t -> t.name().equals(name)).findFirst().orElseThrow();
  }

  private void write(
      ObjectNode to, WireTensor tensor, boolean asBytes, ByteArrayOutputStream binary) {
    to.put("name", tensor.name()).put("datatype", DataTypes.name(tensor.element()));
    ArrayNode shape = to.putArray("shape");
    tensor.shape().forEach(shape::add);
    labels(to, port(tensor.name()));
    if (asBytes) {
      byte[] bytes = bytes(tensor);
      object(to, "parameters").put("binary_data_size", bytes.length);
      binary.writeBytes(bytes);
    } else {
      values(to.putArray("data"), tensor);
    }
  }

  private Port port(String name) {
    return version.signature().outputs().stream()
        .filter(p -> p.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** What the values of a row stand for, where the model says so. */
  static void labels(ObjectNode to, Port port) {
    if (port.hasLabels()) {
      ArrayNode labels = object(to, "parameters").putArray("labels");
      port.labels().names().forEach(labels::add);
    }
  }

  private static ObjectNode object(ObjectNode to, String key) {
    return to.has(key) ? (ObjectNode) to.get(key) : to.putObject(key);
  }

  private static byte[] bytes(WireTensor tensor) {
    if (tensor.element() == Element.VARCHAR) {
      return DataTypes.bytes(tensor.texts());
    }
    byte[] bytes = new byte[tensor.data().remaining()];
    tensor.data().get(tensor.data().position(), bytes);
    return bytes;
  }

  private static void values(ArrayNode to, WireTensor tensor) {
    ByteBuffer data = tensor.data().duplicate().order(ByteOrder.LITTLE_ENDIAN);
    switch (tensor.element()) {
      case REAL -> {
        while (data.hasRemaining()) {
          to.add(data.getFloat());
        }
      }
      case DOUBLE -> {
        while (data.hasRemaining()) {
          to.add(data.getDouble());
        }
      }
      case INTEGER -> {
        while (data.hasRemaining()) {
          to.add(data.getInt());
        }
      }
      case BIGINT -> {
        while (data.hasRemaining()) {
          to.add(data.getLong());
        }
      }
      case BOOLEAN -> {
        while (data.hasRemaining()) {
          to.add(data.get() != 0);
        }
      }
      case VARCHAR -> tensor.texts().forEach(to::add);
    }
  }
}
