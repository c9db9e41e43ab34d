package dev.kelda.ai.predict;

import static java.util.Objects.requireNonNull;

import dev.kelda.ai.Models;
import dev.kelda.ai.onnx.Outputs;
import dev.kelda.ai.onnx.Prediction;
import dev.kelda.ai.registry.ModelBindings;
import dev.kelda.ai.registry.ModelVersion;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.PlannedFunction;
import dev.kelda.spi.extension.StatementContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;

/** {@code PREDICT('model', feature, …)}. */
public final class PredictFunction implements PlannedFunction {
  private final ModelBindings bindings;
  private final Models models;

  public PredictFunction(ModelBindings bindings, Models models) {
    this.bindings = requireNonNull(bindings, "bindings is null");
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
    return bindings.bind(
        call,
        0,
        PredictFunction::result,
        version -> wanted(version, call.arguments().subList(1, call.arguments().size())));
  }

  private static Field result(ModelVersion version) {
    if (version.text().isPresent()) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "model \"%s\" makes vectors of texts; use EMBED(text, '%s')"
              .formatted(version.model(), version.model()));
    }
    return Outputs.result(version.signature());
  }

  private static List<Optional<Field>> wanted(ModelVersion version, List<Field> features) {
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
    return wanted;
  }

  @Override
  public FieldVector evaluate(
      String binding,
      VectorSchemaRoot arguments,
      BufferAllocator allocator,
      StatementContext context) {
    ModelVersion version = bindings.version(binding);
    int rows = arguments.getRowCount();
    return models.use(
        version,
        rows,
        context::checkpoint,
        (model, options) ->
            Prediction.run(
                model, version.signature(), arguments.getFieldVectors(), rows, allocator, options));
  }
}
