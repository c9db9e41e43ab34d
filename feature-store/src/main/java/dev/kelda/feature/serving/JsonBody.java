package dev.kelda.feature.serving;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kelda.feature.online.OnlineView;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.http.HttpCall;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** A request's body: a JSON object. */
record JsonBody(JsonNode root) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int SHOWN = 50;

  JsonBody {
    requireNonNull(root, "root is null");
  }

  /**
   * @throws KeldaException INVALID_ARGUMENT
   */
  static JsonBody of(HttpCall call) {
    try {
      JsonNode body = JSON.readTree(call.body());
      if (body != null && body.isObject()) {
        return new JsonBody(body);
      }
    } catch (JsonProcessingException e) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "the body is no JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    throw new KeldaException(
        ErrorCode.INVALID_ARGUMENT,
        "the body must be a JSON object: "
            + new String(
                call.body(), 0, Math.min(SHOWN, call.body().length), StandardCharsets.UTF_8));
  }

  /** Not null. */
  boolean has(String name) {
    return root.hasNonNull(name);
  }

  /** A list of texts; empty when there is none. */
  List<String> texts(String name) {
    List<String> texts = new ArrayList<>();
    JsonNode list = root.path(name);
    require(list.isArray() || list.isMissingNode() || list.isNull(), name, "a list of texts");
    for (JsonNode text : list) {
      require(text.isTextual(), name, "a list of texts");
      texts.add(text.textValue());
    }
    return texts;
  }

  /** True or false; false when there is none. */
  boolean flag(String name) {
    JsonNode flag = root.path(name);
    require(flag.isBoolean() || flag.isMissingNode() || flag.isNull(), name, "true or false");
    return flag.asBoolean(false);
  }

  private static void require(boolean holds, String name, String what) {
    if (!holds) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "\"%s\" must be %s".formatted(name, what));
    }
  }

  /** An object of lists. */
  Map<String, JsonNode> columns(String name) {
    JsonNode object = root.path(name);
    Map<String, JsonNode> columns = new LinkedHashMap<>();
    object.properties().forEach(column -> columns.put(column.getKey(), column.getValue()));
    if (!object.isObject() || columns.values().stream().anyMatch(c -> !c.isArray())) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "\"%s\" must be an object with a list of values for each column".formatted(name));
    }
    return columns;
  }

  /** How many values every column has; 1 without columns: the row of a view without a key. */
  static int rows(Map<String, JsonNode> columns) {
    List<Integer> sizes = columns.values().stream().map(JsonNode::size).distinct().toList();
    if (sizes.size() > 1) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "the columns have different lengths: " + sizes);
    }
    return sizes.isEmpty() ? 1 : sizes.getFirst();
  }

  /**
   * The values of a part of a view's key.
   *
   * @throws KeldaException COLUMN_NOT_FOUND
   */
  static JsonNode entity(Map<String, JsonNode> entities, String name, OnlineView view) {
    return entities.entrySet().stream()
        .filter(e -> e.getKey().equalsIgnoreCase(name))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseThrow(
            () ->
                new KeldaException(
                    ErrorCode.COLUMN_NOT_FOUND,
                    "view \"%s\" needs the entity \"%s\"; there are %s"
                        .formatted(view.id(), name, new TreeSet<>(entities.keySet()))));
  }
}
