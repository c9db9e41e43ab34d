package dev.kelda.ai.predict;

import static java.util.Objects.requireNonNull;

import dev.kelda.ai.Models;
import dev.kelda.ai.onnx.Prediction;
import dev.kelda.ai.registry.ModelRegistry;
import dev.kelda.ai.registry.ModelVersion;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.PlannedFunction;
import dev.kelda.spi.extension.StatementContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;

/** {@code PREDICT('model', feature, …)}. */
public final class PredictFunction implements PlannedFunction {
  private static final int MOST_KNOWN = 10_000;

  private final ModelRegistry registry;
  private final Models models;
  private final Map<String, ModelVersion> versions = new ConcurrentHashMap<>(); // by binding

  public PredictFunction(ModelRegistry registry, Models models) {
    this.registry = requireNonNull(registry, "registry is null");
    this.models = requireNonNull(models, "models is null");
  }

  @Override
  public String id() {
    return "ai.predict";
  }

  @Override
  public List<String> names() {
    return List.of("PREDICT");
  }

  @Override
  public String syntax() {
    return "PREDICT('model[@version|@alias]', feature, …)";
  }

  @Override
  public String description() {
    return "The model's output for a row; NULL when a feature is NULL.";
  }

  @Override
  public Arity arity() {
    return new Arity(2, -1);
  }

  @Override
  public Bound bind(Call call) {
    String reference =
        Optional.ofNullable(call.constants().get(0))
            .flatMap(constant -> constant.value())
            .filter(String.class::isInstance)
            .map(String.class::cast)
            .orElseThrow(
                () ->
                    new KeldaException(
                        ErrorCode.INVALID_ARGUMENT,
                        "the first argument of PREDICT is a model's name as a constant text"));
    ModelVersion version = registry.find(reference);
    List<Field> features = call.arguments().subList(1, call.arguments().size());
    List<List<Integer>> assigned = Prediction.assign(version.signature(), features);
    List<Optional<Field>> wanted = new ArrayList<>();
    wanted.add(Optional.empty());
    for (int input = 0; input < assigned.size(); input++) {
      for (int feature : assigned.get(input)) {
        wanted.add(
            Optional.of(
                Prediction.wanted(version.signature().inputs().get(input), features.get(feature))));
      }
    }
    return new Bound(
        Prediction.result(version.signature()),
        binding(version),
        wanted,
        List.of(0),
        () -> binding(registry.find(reference)));
  }

  /** With the hash: a model that is dropped and made anew counts from 1 again. */
  private static String binding(ModelVersion version) {
    return version.reference() + ":" + version.hash();
  }

  @Override
  public FieldVector evaluate(
      String binding,
      VectorSchemaRoot arguments,
      BufferAllocator allocator,
      StatementContext context) {
    ModelVersion version = version(binding);
    int rows = arguments.getRowCount();
    return models.use(
        version,
        rows,
        context::checkpoint,
        (model, options) ->
            Prediction.run(
                model, version.signature(), arguments.getFieldVectors(), rows, allocator, options));
  }

  private ModelVersion version(String binding) {
    ModelVersion known = versions.get(binding);
    if (known != null) {
      return known;
    }
    String reference = binding.substring(0, binding.lastIndexOf(':'));
    ModelVersion found = registry.find(reference);
    if (!binding(found).equals(binding)) {
      throw new KeldaException(
          ErrorCode.MODEL_NOT_FOUND, "model " + reference + " was made anew while the query ran");
    }
    if (versions.size() > MOST_KNOWN) {
      versions.clear();
    }
    versions.put(binding, found);
    return found;
  }
}
