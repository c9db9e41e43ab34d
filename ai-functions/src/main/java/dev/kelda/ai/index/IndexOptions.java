package dev.kelda.ai.index;

import static java.util.Objects.requireNonNull;

import dev.kelda.ai.search.SearchArguments;
import dev.kelda.spi.connector.Search.Measure;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What WITH says of an index.
 *
 * @param measure of vectors; TEXT for texts
 * @param connections of a node of the graph, {@code m}
 * @param construction nodes considered when one is added, {@code ef_construction}
 * @param analyzer of texts
 * @param autoRefresh the server refreshes the index when the table has changed
 */
public record IndexOptions(
    Measure measure,
    int connections,
    int construction,
    Quantization quantization,
    Analyzers analyzer,
    boolean autoRefresh) {
  private static final List<String> OF_VECTORS =
      List.of("distance_type", "m", "ef_construction", "quantization", "auto_refresh");
  private static final List<String> OF_TEXTS = List.of("analyzer", "auto_refresh");

  public IndexOptions {
    requireNonNull(measure, "measure is null");
    requireNonNull(quantization, "quantization is null");
    requireNonNull(analyzer, "analyzer is null");
  }

  /** How vectors are held for the way through the graph; those found are compared as they are. */
  public enum Quantization {
    NONE,
    INT8,
    BINARY
  }

  /**
   * @param vectors or texts
   * @throws KeldaException INVALID_ARGUMENT naming the property
   */
  static IndexOptions of(boolean vectors, Map<String, String> properties) {
    List<String> known = vectors ? OF_VECTORS : OF_TEXTS;
    properties.keySet().stream()
        .filter(key -> !known.contains(key))
        .findFirst()
        .ifPresent(
            key -> {
              throw invalid(
                  "a %s index has no property '%s'; known: %s"
                      .formatted(vectors ? "vector" : "text", key, known));
            });
    return new IndexOptions(
        vectors
            ? SearchArguments.measure(properties.getOrDefault("distance_type", "COSINE"))
            : Measure.TEXT,
        number(properties, "m", 16, 2, 256),
        number(properties, "ef_construction", 100, 8, 3200),
        one(Quantization.class, properties, "quantization", Quantization.NONE),
        one(Analyzers.class, properties, "analyzer", Analyzers.STANDARD),
        truth(properties.getOrDefault("auto_refresh", "true")));
  }

  /** As they stand in the metastore and in DESCRIBE INDEX. */
  Map<String, String> properties() {
    String refresh = String.valueOf(autoRefresh);
    return measure.ofVectors()
        ? Map.of(
            "distance_type",
            measure.name(),
            "m",
            String.valueOf(connections),
            "ef_construction",
            String.valueOf(construction),
            "quantization",
            quantization.name().toLowerCase(Locale.ROOT),
            "auto_refresh",
            refresh)
        : Map.of("analyzer", analyzer.name().toLowerCase(Locale.ROOT), "auto_refresh", refresh);
  }

  private static int number(
      Map<String, String> properties, String key, int absent, int least, int most) {
    String text = properties.getOrDefault(key, String.valueOf(absent));
    int value = text.matches("[0-9]{1,6}") ? Integer.parseInt(text) : -1;
    if (value < least || value > most) {
      throw invalid(
          "%s must be a number from %d to %d, not '%s'".formatted(key, least, most, text));
    }
    return value;
  }

  private static <E extends Enum<E>> E one(
      Class<E> type, Map<String, String> properties, String key, E absent) {
    String text = properties.getOrDefault(key, absent.name());
    return Arrays.stream(type.getEnumConstants())
        .filter(e -> e.name().equalsIgnoreCase(text))
        .findFirst()
        .orElseThrow(
            () ->
                invalid(
                    "%s must be one of %s, not '%s'"
                        .formatted(
                            key,
                            Arrays.stream(type.getEnumConstants())
                                .map(e -> e.name().toLowerCase(Locale.ROOT))
                                .toList(),
                            text)));
  }

  private static boolean truth(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw invalid("auto_refresh must be true or false, not '" + text + "'");
    };
  }

  private static KeldaException invalid(String message) {
    return new KeldaException(ErrorCode.INVALID_ARGUMENT, message);
  }
}
