package dev.kelda.feature.registry;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import org.apache.arrow.vector.types.pojo.Schema;

/** Records as they stand in the metastore and in snapshot summaries. */
public final class Json {
  private static final ObjectMapper MAPPER = mapper();

  private Json() {}

  public static String of(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * @throws KeldaException CATALOG_ERROR for a damaged text
   */
  public static <T> T read(String text, Class<T> type) {
    try {
      return MAPPER.readValue(text, type);
    } catch (JsonProcessingException e) {
      throw new KeldaException(
          ErrorCode.CATALOG_ERROR,
          "a damaged %s is kept: %s".formatted(type.getSimpleName(), e.getMessage()),
          e);
    }
  }

  private static ObjectMapper mapper() {
    SimpleModule arrow = new SimpleModule("arrow");
    arrow.addSerializer(
        Schema.class,
        new JsonSerializer<>() {
          @Override
          public void serialize(Schema schema, JsonGenerator json, SerializerProvider provider)
              throws IOException {
            json.writeRawValue(schema.toJson());
          }
        });
    arrow.addDeserializer(
        Schema.class,
        new JsonDeserializer<>() {
          @Override
          public Schema deserialize(JsonParser json, DeserializationContext context)
              throws IOException {
            return Schema.fromJSON(json.readValueAsTree().toString());
          }
        });
    return new ObjectMapper()
        .registerModule(new Jdk8Module())
        .registerModule(new JavaTimeModule())
        .registerModule(arrow)
        .configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);
  }
}
