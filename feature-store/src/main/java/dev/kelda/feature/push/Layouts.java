package dev.kelda.feature.push;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kelda.feature.online.ViewLayout;
import dev.kelda.spi.connector.Timeline;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.apache.arrow.vector.types.pojo.Schema;

/** Layouts as texts, so that rows can be read after the view's table has changed. */
final class Layouts {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Layouts() {}

  static String text(ViewLayout layout) {
    Timeline timeline = layout.timeline();
    ObjectNode text = JSON.createObjectNode();
    text.put("view", layout.view());
    timeline.primaryKey().forEach(text.putArray("key")::add);
    text.put("event", timeline.eventTime());
    timeline.knownAt().ifPresent(known -> text.put("known", known));
    timeline.timeToLive().ifPresent(ttl -> text.put("ttl", ttl.toString()));
    try {
      text.set("columns", JSON.readTree(layout.columns().toJson()));
      return JSON.writeValueAsString(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a schema is no JSON: " + layout.columns(), e);
    }
  }

  static ViewLayout of(String text) {
    try {
      JsonNode node = JSON.readTree(text);
      List<String> key = new ArrayList<>();
      node.get("key").forEach(part -> key.add(part.textValue()));
      return ViewLayout.of(
          node.get("view").textValue(),
          Schema.fromJSON(node.get("columns").toString()),
          new Timeline(
              key,
              node.get("event").textValue(),
              Optional.ofNullable(node.get("known")).map(JsonNode::textValue),
              Optional.ofNullable(node.get("ttl")).map(ttl -> Duration.parse(ttl.textValue()))));
    } catch (IOException e) {
      throw new IllegalStateException("the push log has a layout that is none: " + text, e);
    }
  }

  /** Names a layout in few bytes. */
  static long number(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    CRC32C checksum = new CRC32C();
    checksum.update(bytes);
    return checksum.getValue() << 32 | text.hashCode() & 0xFFFF_FFFFL;
  }
}
