package dev.kelda.ai.serve;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kelda.ai.Models;
import dev.kelda.ai.embed.Embeddings;
import dev.kelda.ai.onnx.WireTensor;
import dev.kelda.ai.registry.ModelRegistry;
import dev.kelda.ai.registry.ModelVersion;
import dev.kelda.ai.registry.Signature.Port;
import dev.kelda.spi.http.HttpAnswer;
import dev.kelda.spi.http.HttpCall;
import dev.kelda.spi.http.HttpRoute;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;

/**
 * The Open Inference Protocol, version 2, over the registry: health, metadata, infer. A model's
 * name in a path may carry a version or an alias: {@code delay@champion}.
 */
public final class InferenceRoutes implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MOST_BODY_BYTES = 8 << 20;

  private final ModelRegistry registry;
  private final Inference inference;

  /**
   * @param allocator for what a call needs; empty between calls
   * @param threads how many calls run at a time
   */
  public InferenceRoutes(
      ModelRegistry registry,
      Models models,
      Embeddings embeddings,
      BufferAllocator allocator,
      int threads) {
    this.registry = requireNonNull(registry, "registry is null");
    this.inference = new Inference(models, embeddings, allocator, threads);
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
    server.putArray("extensions").add("binary_tensor_data");
    return server;
  }

  private static ObjectNode ready(ModelVersion version) {
    return JSON.createObjectNode().put("name", version.model()).put("ready", true);
  }

  private ObjectNode metadata(ModelVersion version) {
    ObjectNode model = JSON.createObjectNode().put("name", version.model());
    ArrayNode versions = model.putArray("versions");
    registry.versions(version.model()).forEach(v -> versions.add(String.valueOf(v.version())));
    model.put("platform", "onnxruntime_onnx");
    ports(model.putArray("inputs"), version.signature().inputs());
    ports(model.putArray("outputs"), version.signature().outputs());
    return model;
  }

  private static void ports(ArrayNode to, List<Port> ports) {
    for (Port port : ports) {
      ObjectNode one = to.addObject().put("name", port.name());
      one.put("datatype", DataTypes.name(port.element()));
      DataTypes.shape(port).forEach(one.withArray("shape")::add);
      InferenceAnswer.labels(one, port);
    }
  }

  private HttpAnswer infer(HttpCall call) {
    ModelVersion version = version(call);
    InferenceRequest request = InferenceRequest.read(call, version.signature());
    List<WireTensor> outputs = inference.run(version, request.inputs());
    return new InferenceAnswer(version, request, outputs).write();
  }

  private static HttpAnswer answer(JsonNode body) {
    return HttpAnswer.json(200, body.toString());
  }

  @Override
  public void close() {
    inference.close();
  }
}
