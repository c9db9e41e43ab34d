package dev.kelda.feature.serving;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kelda.feature.online.OnlineCatalog;
import dev.kelda.feature.online.OnlineView;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.SqlQuery;
import dev.kelda.spi.http.HttpAnswer;
import dev.kelda.spi.http.HttpCall;
import dev.kelda.spi.http.HttpRoute;
import dev.kelda.spi.rows.TypeNames;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * Keys in, predictions out, in one call: {@code POST /v2/models/{model}/predict} with {@code
 * "entities"} as Feast has them and {@code "features"}, the model's inputs in order: {@code
 * view:feature} is read online, a name without a colon is a value of the request. It is one
 * statement, {@code PREDICT} over {@code ONLINE_ROW}, whose text does not depend on the number of
 * keys, so that its plan is kept.
 */
record PredictionRoute(EngineServices services, OnlineCatalog catalog) {
  private static final int MOST_BODY_BYTES = 8 << 20;
  private static final ObjectMapper JSON = new ObjectMapper();

  PredictionRoute {
    requireNonNull(services, "services is null");
    requireNonNull(catalog, "catalog is null");
  }

  HttpRoute route() {
    return new HttpRoute("POST", "/v2/models/{model}/predict", MOST_BODY_BYTES, this::predict);
  }

  private HttpAnswer predict(HttpCall call) {
    JsonBody body = JsonBody.of(call);
    List<String> inputs = body.texts("features");
    if (inputs.isEmpty()) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "\"features\" must list the model's inputs: \"view:feature\" or the name of an entity");
    }
    Map<String, JsonNode> entities = body.columns("entities");
    int count = JsonBody.rows(entities);
    Caller caller = services.caller(call.user());
    List<String> online = inputs.stream().filter(input -> input.contains(":")).toList();
    List<OnlineView> views = List.of();
    List<String> read = List.of();
    if (!online.isEmpty()) {
      Features features = Features.of(online, true, catalog, caller);
      views = features.views();
      read =
          features.wanted().stream()
              .map(w -> "\"r\".\"v%d\".%s".formatted(w.view(), quoted(features.field(w))))
              .toList();
    }
    Given given = new Given(entities, count);
    List<String> rows = new ArrayList<>();
    for (int view = 0; view < views.size(); view++) {
      rows.add(row(views.get(view), given) + " AS \"v" + view + '"');
    }
    List<String> arguments = new ArrayList<>();
    int next = 0;
    for (String input : inputs) {
      arguments.add(input.contains(":") ? read.get(next++) : "\"r\"." + given.column(input));
    }
    String model = call.parts().get("model");
    String sql =
        "SELECT PREDICT(%s, %s) FROM (SELECT %s FROM UNNEST(%s) AS \"k\" (%s)) AS \"r\" ORDER BY \"r\".\"n\""
            .formatted(
                OnlineFunction.literal(model),
                String.join(", ", arguments),
                IntStream.range(0, rows.size() + 1)
                    .mapToObj(i -> i == 0 ? "\"k\".*" : rows.get(i - 1))
                    .collect(joining(", ")),
                given.arrays(),
                given.columns());
    try (ArrowReader predictions = services.query(caller, SqlQuery.of(sql), given.parameters())) {
      return answer(model, predictions);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String quoted(Field field) {
    return OnlineView.quoted(field.getName());
  }

  private static String row(OnlineView view, Given given) {
    StringBuilder call = new StringBuilder("ONLINE_ROW(");
    call.append(OnlineFunction.literal(view.quoted()));
    for (Field key : view.layout().keyFields()) {
      JsonNode values = JsonBody.entity(given.entities(), key.getName(), view);
      call.append(", \"k\".").append(given.column(key, values));
    }
    return call.append(')').toString();
  }

  private static HttpAnswer answer(String model, ArrowReader predictions) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    try (JsonGenerator out = JSON.createGenerator(bytes)) {
      out.writeStartObject();
      out.writeStringField("model_name", model);
      out.writeArrayFieldStart("predictions");
      while (predictions.loadNextBatch()) {
        FieldVector values = predictions.getVectorSchemaRoot().getVector(0);
        for (int row = 0; row < values.getValueCount(); row++) {
          JsonValues.write(values, row, out);
        }
      }
      out.writeEndArray();
      out.writeEndObject();
    }
    return new HttpAnswer(200, "application/json", Map.of(), bytes.toByteArray());
  }

  /** The request's values as arrays, one for each use and type; the first is the row's number. */
  private static final class Given {
    private final Map<String, JsonNode> entities;
    private final Map<Field, Scalar> arrays = new LinkedHashMap<>();

    Given(Map<String, JsonNode> entities, int count) {
      this.entities = entities;
      Field number = Field.nullable("n", CanonicalTypes.INT64);
      arrays.put(
          number,
          array(
              number,
              IntStream.range(0, count)
                  .mapToObj(i -> Scalar.of(CanonicalTypes.INT64, (long) i))
                  .toList()));
    }

    Map<String, JsonNode> entities() {
      return entities;
    }

    /** The column of a part of a key. */
    String column(Field key, JsonNode values) {
      arrays.computeIfAbsent(key, field -> array(field, scalars(field, values)));
      return name(key);
    }

    /** The column of a value that the model takes as it is. */
    String column(String entity) {
      JsonNode values = entities.get(entity);
      if (values == null) {
        throw new KeldaException(
            ErrorCode.COLUMN_NOT_FOUND,
            "there is no entity \"%s\"; there are %s"
                .formatted(entity, new TreeSet<>(entities.keySet())));
      }
      return column(Field.nullable(entity, type(values)), values);
    }

    private static ArrowType type(JsonNode values) {
      ArrowType type = CanonicalTypes.INT64;
      for (JsonNode value : values) {
        if (value.isTextual()) {
          return CanonicalTypes.UTF8;
        }
        if (value.isBoolean()) {
          return CanonicalTypes.BOOL;
        }
        if (value.isNumber() && !value.canConvertToExactIntegral()) {
          type = CanonicalTypes.FLOAT64;
        }
      }
      return type;
    }

    private static List<Scalar> scalars(Field field, JsonNode values) {
      List<Scalar> scalars = new ArrayList<>();
      for (JsonNode value : values) {
        scalars.add(
            value.isNull() ? Scalar.nullOf(field.getType()) : JsonValues.scalar(value, field));
      }
      return scalars;
    }

    private static Scalar array(Field field, List<Scalar> values) {
      return Scalar.of(ArrowType.List.INSTANCE, new Scalar.Elements(field.getType(), values));
    }

    private String name(Field field) {
      int index = List.copyOf(arrays.keySet()).indexOf(field);
      return index == 0 ? "\"n\"" : "\"k" + index + '"';
    }

    String columns() {
      return arrays.keySet().stream().map(this::name).collect(joining(", "));
    }

    String arrays() {
      return arrays.keySet().stream()
          .map(field -> "CAST(? AS " + TypeNames.of(field) + " ARRAY)")
          .collect(joining(", "));
    }

    List<Scalar> parameters() {
      return List.copyOf(arrays.values());
    }
  }
}
