package dev.kelda.sql;

import java.math.BigDecimal;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** One way to write a value, whatever client it came through. */
final class Cells {
  private static final DateTimeFormatter SECONDS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss");

  private Cells() {}

  static String text(Object value) {
    return switch (value) {
      case null -> "NULL";
      case String text when text.isEmpty() -> "(empty)";
      case String text -> text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n");
      case BigDecimal number -> number.toPlainString();
      case LocalDateTime time -> SECONDS.format(time) + fraction(time.getNano());
      case LocalTime time ->
          DateTimeFormatter.ofPattern("HH:mm:ss").format(time) + fraction(time.getNano());
      case byte[] bytes -> HexFormat.of().formatHex(bytes);
      case List<?> list ->
          list.stream().map(Cells::text).collect(Collectors.joining(", ", "[", "]"));
      case Map<?, ?> map ->
          map.entrySet().stream()
              .map(entry -> entry.getKey() + ": " + text(entry.getValue()))
              .collect(Collectors.joining(", ", "{", "}"));
      default -> String.valueOf(value);
    };
  }

  static String row(List<String> cells) {
    return String.join("\t", cells);
  }

  private static String fraction(int nanos) {
    return nanos == 0 ? "" : ("." + "%09d".formatted(nanos)).replaceAll("0+$", "");
  }
}
