package dev.kelda.feature.serving;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kelda.feature.online.Found;
import dev.kelda.feature.online.OnlineCatalog;
import dev.kelda.feature.online.OnlineView;
import dev.kelda.feature.push.Pushes;
import dev.kelda.spi.connector.BatchReader;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.http.HttpAnswer;
import dev.kelda.spi.http.HttpCall;
import dev.kelda.spi.http.HttpRoute;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * The routes of Feast's feature server, so that what calls one can call this: {@code POST
 * /get-online-features} and {@code POST /push}.
 */
final class FeastRoutes {
  private static final int READ_BYTES = 8 << 20;
  private static final int PUSH_BYTES = 64 << 20;
  private static final long CELL_BYTES = 56; // of a number, its status and its time
  private static final long MOST_ROOM = 16 << 20;
  private static final SerializedString NO_TIME = new SerializedString("1970-01-01T00:00:00Z");
  private static final SerializedString PRESENT = new SerializedString("PRESENT");
  private static final SerializedString NULL_VALUE = new SerializedString("NULL_VALUE");
  private static final SerializedString NOT_FOUND = new SerializedString("NOT_FOUND");
  private static final SerializedString OUTSIDE_MAX_AGE = new SerializedString("OUTSIDE_MAX_AGE");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final EngineServices services;
  private final OnlineCatalog catalog;
  private final Lookups lookups;
  private final Pushes pushes;
  private final OnlineMetrics metrics;

  FeastRoutes(
      EngineServices services,
      OnlineCatalog catalog,
      Lookups lookups,
      Pushes pushes,
      OnlineMetrics metrics) {
    this.services = requireNonNull(services, "services is null");
    this.catalog = requireNonNull(catalog, "catalog is null");
    this.lookups = requireNonNull(lookups, "lookups is null");
    this.pushes = requireNonNull(pushes, "pushes is null");
    this.metrics = requireNonNull(metrics, "metrics is null");
  }

  List<HttpRoute> all() {
    return List.of(
        new HttpRoute("POST", "/get-online-features", READ_BYTES, this::features),
        new HttpRoute("POST", "/push", PUSH_BYTES, this::push));
  }

  private HttpAnswer features(HttpCall call) {
    JsonBody body = JsonBody.of(call);
    if (body.has("feature_service")) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "there are no feature services here; name the features: \"features\":"
              + " [\"view:feature\"]");
    }
    Caller caller = services.caller(call.user());
    Features features =
        Features.of(body.texts("features"), body.flag("full_feature_names"), catalog, caller);
    Map<String, JsonNode> entities = body.columns("entities");
    int count = JsonBody.rows(entities);
    Instant at = lookups.now();
    List<Found> found = new ArrayList<>();
    try (BufferAllocator allocator =
        services.allocator().newChildAllocator("get-online-features", 0, Long.MAX_VALUE)) {
      for (OnlineView view : features.views()) {
        List<Field> key = view.layout().keyFields();
        Map<String, JsonNode> parts = new LinkedHashMap<>();
        key.forEach(
            field -> parts.put(field.getName(), JsonBody.entity(entities, field.getName(), view)));
        try (VectorSchemaRoot keys = batch(allocator, new Schema(key), parts, count)) {
          found.add(lookups.find(view, keys.getFieldVectors(), count, at));
        }
      }
      return answer(features, entities, found, count, allocator);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static HttpAnswer answer(
      Features features,
      Map<String, JsonNode> entities,
      List<Found> found,
      int count,
      BufferAllocator allocator)
      throws IOException {
    List<SerializedString[]> times = found.stream().map(FeastRoutes::eventTimes).toList();
    long cells = (long) count * (entities.size() + features.wanted().size());
    ByteArrayOutputStream bytes =
        new ByteArrayOutputStream((int) Math.min(MOST_ROOM, 4096 + cells * CELL_BYTES));
    try (VectorSchemaRoot rows = VectorSchemaRoot.create(features.schema(), allocator);
        JsonGenerator out = JSON.createGenerator(bytes)) {
      features.read(found, count, rows);
      out.writeStartObject();
      out.writeObjectFieldStart("metadata");
      out.writeArrayFieldStart("feature_names");
      for (String name : entities.keySet()) {
        out.writeString(name);
      }
      for (Features.Wanted wanted : features.wanted()) {
        out.writeString(wanted.name());
      }
      out.writeEndArray();
      out.writeEndObject();
      out.writeArrayFieldStart("results");
      for (JsonNode values : entities.values()) {
        writeEntity(values, count, out);
      }
      for (int i = 0; i < features.wanted().size(); i++) {
        int view = features.wanted().get(i).view();
        writeFeature(rows.getVector(i), found.get(view), times.get(view), out);
      }
      out.writeEndArray();
      out.writeEndObject();
    }
    return new HttpAnswer(200, "application/json", Map.of(), bytes.toByteArray());
  }

  /** The event time of each row, as every feature of the view has it. */
  private static SerializedString[] eventTimes(Found found) {
    return IntStream.range(0, found.size())
        .mapToObj(i -> found.eventTime(i).map(t -> new SerializedString(t.toString())))
        .map(time -> time.orElse(NO_TIME))
        .toArray(SerializedString[]::new);
  }

  private static void writeEntity(JsonNode values, int count, JsonGenerator out)
      throws IOException {
    out.writeStartObject();
    out.writeFieldName("values");
    JSON.writeTree(out, values);
    out.writeArrayFieldStart("statuses");
    for (int i = 0; i < count; i++) {
      out.writeString(PRESENT);
    }
    out.writeEndArray();
    out.writeArrayFieldStart("event_timestamps");
    for (int i = 0; i < count; i++) {
      out.writeString(NO_TIME);
    }
    out.writeEndArray();
    out.writeEndObject();
  }

  private static void writeFeature(
      FieldVector values, Found found, SerializedString[] times, JsonGenerator out)
      throws IOException {
    out.writeStartObject();
    out.writeArrayFieldStart("values");
    for (int i = 0; i < found.size(); i++) {
      JsonValues.write(values, i, out);
    }
    out.writeEndArray();
    out.writeArrayFieldStart("statuses");
    for (int i = 0; i < found.size(); i++) {
      out.writeString(
          switch (found.status(i)) {
            case NOT_FOUND -> NOT_FOUND;
            case EXPIRED -> OUTSIDE_MAX_AGE;
            case PRESENT -> values.isNull(i) ? NULL_VALUE : PRESENT;
          });
    }
    out.writeEndArray();
    out.writeArrayFieldStart("event_timestamps");
    for (SerializedString time : times) {
      out.writeString(time);
    }
    out.writeEndArray();
    out.writeEndObject();
  }

  private HttpAnswer push(HttpCall call) {
    JsonBody body = JsonBody.of(call);
    String to = body.root().path("to").asText("online_and_offline");
    if (!Set.of("online", "online_and_offline").contains(to)) {
      throw new KeldaException(
          to.equals("offline") ? ErrorCode.NOT_SUPPORTED : ErrorCode.INVALID_ARGUMENT,
          "\"to\": \"%s\": what is pushed goes online and offline; say \"online_and_offline\", or \"online\""
              .formatted(to));
    }
    JsonNode name = body.root().path("push_source_name");
    if (!name.isTextual()) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "\"push_source_name\" must be the name of a view");
    }
    OnlineView view =
        catalog.view(services.caller(call.user()), QuotedNames.parts(name.textValue()));
    Map<String, JsonNode> columns = body.columns("df");
    int count = JsonBody.rows(columns);
    try (BufferAllocator allocator =
            services.allocator().newChildAllocator("push", 0, Long.MAX_VALUE);
        JsonReader rows =
            new JsonReader(allocator, view.layout().columns(), matched(columns, view), count)) {
      metrics.pushed(pushes.push(view, rows));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return HttpAnswer.json(200, "null");
  }

  private static Map<String, JsonNode> matched(Map<String, JsonNode> given, OnlineView view) {
    Map<String, JsonNode> matched = new LinkedHashMap<>();
    List<String> columns =
        view.layout().columns().getFields().stream().map(Field::getName).toList();
    given.forEach(
        (name, values) ->
            matched.put(
                columns.stream()
                    .filter(column -> column.equalsIgnoreCase(name))
                    .findFirst()
                    .orElseThrow(
                        () ->
                            new KeldaException(
                                ErrorCode.COLUMN_NOT_FOUND,
                                "view \"%s\" has no column \"%s\"; it has %s"
                                    .formatted(view.id(), name, String.join(", ", columns)))),
                values));
    return matched;
  }

  /** The body's columns as one batch. */
  private static final class JsonReader extends BatchReader {
    private final Map<String, JsonNode> columns;
    private final int count;
    private boolean done;

    JsonReader(BufferAllocator allocator, Schema schema, Map<String, JsonNode> columns, int count) {
      super(allocator, schema);
      this.columns = columns;
      this.count = count;
    }

    @Override
    protected int fill(VectorSchemaRoot root) {
      if (done) {
        return 0;
      }
      done = true;
      FeastRoutes.fill(root, columns, count);
      return count;
    }

    @Override
    protected void closeReadSource() {}
  }

  private static VectorSchemaRoot batch(
      BufferAllocator allocator, Schema schema, Map<String, JsonNode> columns, int count) {
    VectorSchemaRoot root = VectorSchemaRoot.create(schema, allocator);
    try {
      fill(root, columns, count);
      return root;
    } catch (RuntimeException e) {
      root.close();
      throw e;
    }
  }

  private static void fill(VectorSchemaRoot root, Map<String, JsonNode> columns, int count) {
    for (FieldVector vector : root.getFieldVectors()) {
      vector.setInitialCapacity(count);
      vector.allocateNew();
      JsonNode values = columns.get(vector.getName());
      for (int row = 0; values != null && row < count; row++) {
        JsonValues.set(values.get(row), vector, row);
      }
      vector.setValueCount(count);
    }
    root.setRowCount(count);
  }
}
