package dev.kelda.ai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;

/** Values as they stand in the metastore. */
public final class Json {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Json() {}

  public static String of(Object value) {
    try {
      return MAPPER.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * @param what the text is a part of, for the error
   * @throws KeldaException CATALOG_ERROR for a damaged text
   */
  public static <T> T read(String text, TypeReference<T> type, String what) {
    try {
      return MAPPER.readValue(text, type);
    } catch (JsonProcessingException e) {
      throw new KeldaException(
          ErrorCode.CATALOG_ERROR,
          "the metastore has a damaged " + what + ": " + e.getMessage(),
          e);
    }
  }
}
