package dev.kelda.ai.predict;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kelda.ai.Models;
import dev.kelda.ai.onnx.JsonTensors;
import dev.kelda.ai.registry.ModelRegistry;
import dev.kelda.ai.registry.ModelVersion;
import dev.kelda.ai.registry.Signature.Port;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.http.HttpAnswer;
import dev.kelda.spi.http.HttpCall;
import dev.kelda.spi.http.HttpRoute;
import java.io.IOException;
import java.util.List;

/**
 * The Open Inference Protocol, version 2, over the registry: health, metadata, infer. A model's
 * name in a path may carry a version or an alias: {@code delay@champion}.
 */
public record InferenceRoutes(ModelRegistry registry, Models models) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MOST_BODY_BYTES = 8 << 20;
  private static final long MOST_MILLIS = 30_000;

  public InferenceRoutes {
    requireNonNull(registry, "registry is null");
    requireNonNull(models, "models is null");
  }

  public List<HttpRoute> routes() {
    return List.of(
        get("/v2", call -> answer(server())),
        get("/v2/health/live", call -> answer(JSON.createObjectNode().put("live", true))),
        get("/v2/health/ready", call -> answer(JSON.createObjectNode().put("ready", true))),
        get("/v2/models/{model}", call -> answer(metadata(version(call)))),
        get("/v2/models/{model}/versions/{version}", call -> answer(metadata(version(call)))),
        get("/v2/models/{model}/ready", call -> answer(ready(version(call)))),
        get("/v2/models/{model}/versions/{version}/ready", call -> answer(ready(version(call)))),
        new HttpRoute("POST", "/v2/models/{model}/infer", MOST_BODY_BYTES, this::infer),
        new HttpRoute(
            "POST", "/v2/models/{model}/versions/{version}/infer", MOST_BODY_BYTES, this::infer));
  }

  private static HttpRoute get(String path, HttpRoute.Handler handler) {
    return new HttpRoute("GET", path, 0, handler);
  }

  private ModelVersion version(HttpCall call) {
    String version = call.parts().getOrDefault("version", "");
    return registry.find(call.parts().get("model") + (version.isEmpty() ? "" : "@" + version));
  }

  private static ObjectNode server() {
    ObjectNode server = JSON.createObjectNode().put("name", "kelda").put("version", "2");
    server.putArray("extensions");
    return server;
  }

  private static ObjectNode ready(ModelVersion version) {
    return JSON.createObjectNode().put("name", version.model()).put("ready", true);
  }

  private static ObjectNode metadata(ModelVersion version) {
    ObjectNode model = JSON.createObjectNode().put("name", version.model());
    model.putArray("versions").add(String.valueOf(version.version()));
    model.put("platform", "onnxruntime_onnx");
    ports(model.putArray("inputs"), version.signature().inputs());
    ports(model.putArray("outputs"), version.signature().outputs());
    return model;
  }

  private static void ports(ArrayNode to, List<Port> ports) {
    for (Port port : ports) {
      ObjectNode one = to.addObject().put("name", port.name());
      one.put("datatype", JsonTensors.name(port.element()));
      ArrayNode shape = one.putArray("shape").add(-1);
      if (!port.flat()) {
        shape.add(port.width());
      }
    }
  }

  private HttpAnswer infer(HttpCall call) {
    ModelVersion version = version(call);
    JsonNode request = parsed(call.body());
    long end = System.nanoTime() + MOST_MILLIS * 1_000_000;
    ObjectNode response = JSON.createObjectNode().put("model_name", version.model());
    response.put("model_version", String.valueOf(version.version()));
    if (request.hasNonNull("id")) {
      response.put("id", request.get("id").asText());
    }
    return models.use(
        version,
        1,
        () -> {
          if (System.nanoTime() > end) {
            throw new KeldaException(
                ErrorCode.TIMEOUT, "the model took longer than " + MOST_MILLIS + " ms");
          }
        },
        (model, options) -> {
          try (JsonTensors tensors =
              JsonTensors.read(model.environment(), version.signature(), request)) {
            tensors.run(model, version.signature(), options, response.putArray("outputs"));
          }
          return answer(response);
        });
  }

  private static JsonNode parsed(byte[] body) {
    try {
      JsonNode request = JSON.readTree(body);
      if (request != null && request.isObject()) {
        return request;
      }
    } catch (IOException e) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "the body is no JSON: " + e.getMessage(), e);
    }
    throw new KeldaException(ErrorCode.INVALID_ARGUMENT, "the body is no JSON object");
  }

  private static HttpAnswer answer(JsonNode body) {
    try {
      return HttpAnswer.json(200, JSON.writeValueAsString(body));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
