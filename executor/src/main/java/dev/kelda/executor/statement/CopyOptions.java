package dev.kelda.executor.statement;

import dev.kelda.spi.connector.Scan.FileFormat;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The options of a COPY; each is taken once, and what nobody takes is an error. */
final class CopyOptions {
  private final Map<String, String> left;
  private final TextPosition position;

  /**
   * @param position for errors
   */
  CopyOptions(Map<String, String> options, TextPosition position) {
    this.left = new HashMap<>(options);
    this.position = position;
  }

  /** By FORMAT, else by the path's extension. */
  FileFormat format(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    String extension = name.contains(".") ? name.substring(name.lastIndexOf('.') + 1) : "";
    String format = text("format").orElse(extension).toLowerCase(Locale.ROOT);
    return switch (format) {
      case "parquet" -> FileFormat.PARQUET;
      case "csv", "tsv", "txt" -> FileFormat.CSV;
      case "json", "jsonl", "ndjson" -> FileFormat.JSON;
      default ->
          throw error(
              "COPY knows the formats parquet, csv and json, not '"
                  + format
                  + "'; write (FORMAT …)");
    };
  }

  Optional<String> text(String option) {
    return Optional.ofNullable(left.remove(option));
  }

  Optional<Boolean> flag(String option) {
    return text(option)
        .map(
            value ->
                switch (value.toLowerCase(Locale.ROOT)) {
                  case "true", "on", "1" -> true;
                  case "false", "off", "0" -> false;
                  default -> throw error(option + " is TRUE or FALSE, not '" + value + "'");
                });
  }

  /** One byte; {@code \t} may be written as two characters. */
  Optional<String> character(String option) {
    Optional<String> value = text(option).map(v -> v.equals("\\t") ? "\t" : v);
    value
        .filter(v -> v.getBytes(StandardCharsets.UTF_8).length != 1)
        .ifPresent(
            v -> {
              throw error(option + " is one ASCII character, not '" + v + "'");
            });
    return value;
  }

  void requireNoMore() {
    left.keySet().stream()
        .sorted()
        .findFirst()
        .ifPresent(
            option -> {
              throw error("COPY of this format has no option '" + option + "'");
            });
  }

  KeldaException error(String message) {
    return new KeldaException(ErrorCode.INVALID_ARGUMENT, message, position);
  }
}
