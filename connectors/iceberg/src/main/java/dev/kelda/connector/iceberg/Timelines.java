package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Timeline;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The timeline of a table from its properties: {@code event_time} and {@code known_at} name
 * columns, {@code primary_key} columns between commas, {@code ttl} is a number of seconds, minutes,
 * hours, days or weeks.
 */
final class Timelines {
  private static final Pattern TTL =
      Pattern.compile("\\s*(\\d{1,9})\\s*(second|minute|hour|day|week)s?\\s*");

  private Timelines() {}

  static Optional<Timeline> of(String table, Map<String, String> properties) {
    String eventTime = properties.get("event_time");
    if (eventTime == null) {
      return Optional.empty();
    }
    List<String> keys =
        Arrays.stream(properties.getOrDefault("primary_key", "").split(","))
            .map(String::strip)
            .filter(key -> !key.isEmpty())
            .toList();
    return Optional.of(
        new Timeline(
            keys,
            eventTime,
            Optional.ofNullable(properties.get("known_at")),
            Optional.ofNullable(properties.get("ttl")).map(ttl -> duration(table, ttl))));
  }

  private static Duration duration(String table, String ttl) {
    Matcher parts = TTL.matcher(ttl.toLowerCase(Locale.ROOT));
    if (!parts.matches()) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "the ttl of table \"%s\" is '%s'; it must be a number of seconds, minutes, hours, days or weeks such as '30 days'"
              .formatted(table, ttl));
    }
    long count = Long.parseLong(parts.group(1));
    return switch (parts.group(2)) {
      case "second" -> Duration.ofSeconds(count);
      case "minute" -> Duration.ofMinutes(count);
      case "hour" -> Duration.ofHours(count);
      case "day" -> Duration.ofDays(count);
      default -> Duration.ofDays(7 * count);
    };
  }
}
