package dev.kelda.ai.predict;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import dev.kelda.ai.registry.ModelRegistry;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.extension.SqlQuery;
import dev.kelda.spi.rows.ColumnNames;
import java.util.List;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * {@code ML_PREDICT(TABLE t, MODEL m, DESCRIPTOR(a, b))} and {@code ML.PREDICT(MODEL m, TABLE t)}:
 * the table's columns and {@code prediction}.
 *
 * @param modelFirst ML.PREDICT; its features are the columns that the model's inputs are called, or
 *     that its declaration names
 */
public record MlPredictFunction(ModelRegistry registry, boolean modelFirst)
    implements TableFunction {
  private static final Parameter INPUT =
      new Parameter("input", Kind.RELATION, CanonicalTypes.NULL, true);
  private static final Parameter MODEL =
      new Parameter("model", Kind.MODEL, CanonicalTypes.NULL, true);
  private static final Parameter COLUMNS =
      new Parameter("args", Kind.COLUMNS, CanonicalTypes.NULL, true);

  public MlPredictFunction {
    requireNonNull(registry, "registry is null");
  }

  @Override
  public String name() {
    return modelFirst ? "ML.PREDICT" : "ML_PREDICT";
  }

  @Override
  public List<Parameter> parameters() {
    return modelFirst ? List.of(MODEL, INPUT) : List.of(INPUT, MODEL, COLUMNS);
  }

  @Override
  public String description() {
    return "A table's rows with the model's output for each in the column prediction.";
  }

  @Override
  public Expansion expand(Call call) {
    String model = call.argument("model", Argument.Model.class).orElseThrow().name();
    List<String> features =
        call.argument("args", Argument.Columns.class)
            .map(Argument.Columns::names)
            .orElseGet(() -> inputs(model));
    Argument.Relation input = call.argument("input", Argument.Relation.class).orElseThrow();
    // Predictions may be predicted from: the table's own columns keep their names.
    List<String> columns = input.schema().get().getFields().stream().map(Field::getName).toList();
    String sql =
        "SELECT *, PREDICT('%s', %s) AS %s FROM %s"
            .formatted(
                model.replace("'", "''"),
                features.stream()
                    .map(name -> '"' + name.replace("\"", "\"\"") + '"')
                    .collect(joining(", ")),
                ColumnNames.unused("prediction", columns),
                input.placeholder());
    return new Expansion.Query(SqlQuery.of(sql), () -> inputs(model).toString());
  }

  private List<String> inputs(String model) {
    return registry.find(model).signature().features();
  }
}
