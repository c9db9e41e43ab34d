package dev.kelda.feature.registry;

import static java.util.Objects.requireNonNull;

import dev.kelda.planner.catalog.Names;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What can be said of a version of a feature view at any time.
 *
 * @param timeToLive a row of this age is not visible any more; empty: rows do not age
 * @param materialized REFRESH writes its rows to a table; otherwise it is always its query
 * @param online its latest rows are served by key
 * @param targetLag the server refreshes it as often; empty: only REFRESH does
 * @param tags words, or words with values; sorted
 */
public record ViewOptions(
    Optional<Duration> timeToLive,
    boolean materialized,
    boolean online,
    Optional<Duration> targetLag,
    RefreshMode refreshMode,
    String owner,
    String description,
    Map<String, String> tags) {
  private static final List<String> KEYS =
      List.of(
          "materialized", "online", "target_lag", "refresh_mode", "owner", "description", "tags");
  private static final Pattern DURATION =
      Pattern.compile("\\s*(\\d{1,9})\\s*(second|minute|hour|day|week)s?\\s*");

  /** How REFRESH goes about it. */
  public enum RefreshMode {
    /** From the last snapshots of its sources where the query allows it, else in full. */
    AUTO,
    /** Always in full. */
    FULL,
    /** Never in full but the first time: an error where the query does not allow it. */
    INCREMENTAL
  }

  public ViewOptions {
    requireNonNull(timeToLive, "timeToLive is null");
    requireNonNull(targetLag, "targetLag is null");
    requireNonNull(refreshMode, "refreshMode is null");
    requireNonNull(owner, "owner is null");
    requireNonNull(description, "description is null");
    tags = Map.copyOf(tags);
  }

  /** Before anything is said. */
  public static ViewOptions initial(Optional<Duration> timeToLive, String owner) {
    return new ViewOptions(
        timeToLive, true, false, Optional.empty(), RefreshMode.AUTO, owner, "", Map.of());
  }

  /**
   * With what WITH or SET says.
   *
   * @throws KeldaException INVALID_ARGUMENT for an unknown key, a wrong value, or what contradicts
   *     itself
   */
  public ViewOptions with(Map<String, String> properties, TextPosition position) {
    properties.keySet().forEach(key -> requireKnown(key, position));
    ViewOptions changed =
        new ViewOptions(
            timeToLive,
            truth("materialized", properties, materialized, position),
            truth("online", properties, online, position),
            properties.containsKey("target_lag")
                ? lag(properties.get("target_lag"), position)
                : targetLag,
            properties.containsKey("refresh_mode")
                ? mode(properties.get("refresh_mode"), position)
                : refreshMode,
            properties.getOrDefault("owner", owner),
            properties.getOrDefault("description", description),
            properties.containsKey("tags") ? tags(properties.get("tags")) : tags);
    if (!changed.materialized && (changed.online || changed.targetLag.isPresent())) {
      throw error(
          "a view that is not materialized is always its query: it takes no "
              + (changed.online ? "online" : "target_lag"),
          position);
    }
    return changed;
  }

  /** With the initial value for these keys. */
  public ViewOptions without(Set<String> keys, TextPosition position) {
    keys.forEach(key -> requireKnown(key, position));
    return new ViewOptions(
        timeToLive,
        materialized || keys.contains("materialized"),
        online && !keys.contains("online"),
        keys.contains("target_lag") ? Optional.empty() : targetLag,
        keys.contains("refresh_mode") ? RefreshMode.AUTO : refreshMode,
        keys.contains("owner") ? "" : owner,
        keys.contains("description") ? "" : description,
        keys.contains("tags") ? Map.of() : tags);
  }

  public ViewOptions withTimeToLive(Optional<Duration> other) {
    return new ViewOptions(
        other, materialized, online, targetLag, refreshMode, owner, description, tags);
  }

  /** {@code team=ml, gold}. */
  public String tagText() {
    StringBuilder text = new StringBuilder();
    new TreeMap<>(tags)
        .forEach(
            (tag, value) ->
                text.append(text.isEmpty() ? "" : ", ")
                    .append(tag)
                    .append(value.isEmpty() ? "" : "=" + value));
    return text.toString();
  }

  private static void requireKnown(String key, TextPosition position) {
    if (!KEYS.contains(key)) {
      throw error(
          "a feature view has no option '%s'%s; there are %s"
              .formatted(key, Names.suggestion(key, KEYS), KEYS),
          position);
    }
  }

  private static boolean truth(
      String key, Map<String, String> properties, boolean otherwise, TextPosition position) {
    String value = properties.get(key);
    if (value == null) {
      return otherwise;
    }
    return switch (value.toLowerCase(Locale.ROOT)) {
      case "true", "on" -> true;
      case "false", "off" -> false;
      default -> throw error("%s is true or false, not '%s'".formatted(key, value), position);
    };
  }

  private static RefreshMode mode(String value, TextPosition position) {
    return Arrays.stream(RefreshMode.values())
        .filter(mode -> mode.name().equalsIgnoreCase(value))
        .findFirst()
        .orElseThrow(
            () ->
                error(
                    "refresh_mode is auto, full or incremental, not '%s'".formatted(value),
                    position));
  }

  private static Optional<Duration> lag(String value, TextPosition position) {
    Matcher parts = DURATION.matcher(value.toLowerCase(Locale.ROOT));
    if (!parts.matches() || Long.parseLong(parts.group(1)) == 0) {
      throw error(
          "target_lag is a number of seconds, minutes, hours, days or weeks such as '1 minute', not '%s'"
              .formatted(value),
          position);
    }
    long seconds =
        switch (parts.group(2)) {
          case "second" -> 1;
          case "minute" -> 60;
          case "hour" -> 3600;
          case "day" -> 86_400;
          default -> 7 * 86_400;
        };
    return Optional.of(Duration.ofSeconds(Long.parseLong(parts.group(1)) * seconds));
  }

  private static Map<String, String> tags(String text) {
    Map<String, String> tags = new TreeMap<>();
    for (String tag : text.split(",")) {
      int equals = tag.indexOf('=');
      String name = (equals < 0 ? tag : tag.substring(0, equals)).strip();
      if (!name.isEmpty()) {
        tags.put(name, equals < 0 ? "" : tag.substring(equals + 1).strip());
      }
    }
    return tags;
  }

  private static KeldaException error(String message, TextPosition position) {
    return new KeldaException(ErrorCode.INVALID_ARGUMENT, message, position);
  }
}
