package dev.kelda.executor.setting;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * How a setting's text becomes a value.
 *
 * @param name as SHOW SETTINGS prints it
 * @param expected what a valid text looks like, for the error
 * @param parser throws any RuntimeException for a text that is not valid
 */
public record SettingType<T>(
    String name, String expected, Function<String, T> parser, Function<T, String> printer) {
  private static final Pattern AMOUNT = Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([a-z]*)");
  private static final Map<String, Long> BYTES =
      Map.ofEntries(
          Map.entry("", 1L),
          Map.entry("b", 1L),
          Map.entry("kb", 1000L),
          Map.entry("mb", 1000_000L),
          Map.entry("gb", 1000_000_000L),
          Map.entry("tb", 1000_000_000_000L),
          Map.entry("kib", 1L << 10),
          Map.entry("mib", 1L << 20),
          Map.entry("gib", 1L << 30),
          Map.entry("tib", 1L << 40));
  private static final Map<String, Long> MILLIS =
      Map.ofEntries(
          Map.entry("", 1L),
          Map.entry("ms", 1L),
          Map.entry("s", 1000L),
          Map.entry("sec", 1000L),
          Map.entry("m", 60_000L),
          Map.entry("min", 60_000L),
          Map.entry("h", 3_600_000L));

  public static final SettingType<Boolean> BOOLEAN =
      new SettingType<>("BOOLEAN", "TRUE or FALSE", SettingType::truth, String::valueOf);
  public static final SettingType<Long> BYTE_COUNT =
      new SettingType<>(
          "BYTES",
          "a number of bytes such as '512MB' or '2GiB'",
          text -> amount(text, BYTES),
          String::valueOf);
  public static final SettingType<Duration> DURATION =
      new SettingType<>(
          "DURATION",
          "milliseconds, or a duration such as '30s', '5min', '1h'",
          text -> Duration.ofMillis(amount(text, MILLIS)),
          value -> value.toMillis() + "ms");
  public static final SettingType<ZoneId> TIME_ZONE =
      new SettingType<>(
          "TIME ZONE",
          "a time zone such as 'UTC' or 'Europe/Paris'",
          SettingType::zone,
          ZoneId::getId);

  /** A constant of the enum by its name; {@code auto} = none of them. */
  public static <E extends Enum<E>> SettingType<Optional<E>> choice(Class<E> constants) {
    List<String> names =
        Stream.concat(
                Stream.of("auto"),
                Stream.of(constants.getEnumConstants()).map(c -> c.name().toLowerCase(Locale.ROOT)))
            .toList();
    return new SettingType<>(
        "CHOICE",
        "one of " + String.join(", ", names),
        text -> {
          String name = text.strip().toUpperCase(Locale.ROOT);
          return name.equals("AUTO")
              ? Optional.empty()
              : Optional.of(Enum.valueOf(constants, name));
        },
        value -> value.map(c -> c.name().toLowerCase(Locale.ROOT)).orElse("auto"));
  }

  /** An integer between two bounds, both inclusive. */
  public static SettingType<Long> integer(long least, long most) {
    return new SettingType<>(
        "INTEGER",
        "an integer from " + least + " to " + most,
        text -> {
          long value = Long.parseLong(text.strip());
          if (value < least || value > most) {
            throw new IllegalArgumentException();
          }
          return value;
        },
        String::valueOf);
  }

  T parse(String setting, String text) {
    try {
      return parser.apply(text);
    } catch (RuntimeException e) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "'%s' is no value for the setting %s: expected %s".formatted(text, setting, expected));
    }
  }

  private static boolean truth(String text) {
    return switch (text.strip().toLowerCase(Locale.ROOT)) {
      case "true", "on", "1", "yes" -> true;
      case "false", "off", "0", "no" -> false;
      default -> throw new IllegalArgumentException();
    };
  }

  private static long amount(String text, Map<String, Long> units) {
    Matcher amount = AMOUNT.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!amount.matches() || !units.containsKey(amount.group(2))) {
      throw new IllegalArgumentException();
    }
    return new java.math.BigDecimal(amount.group(1))
        .multiply(java.math.BigDecimal.valueOf(units.get(amount.group(2))))
        .setScale(0, java.math.RoundingMode.DOWN)
        .longValueExact();
  }

  private static ZoneId zone(String text) {
    try {
      return ZoneId.of(text.strip());
    } catch (DateTimeException e) {
      return ZoneId.of(text.strip().toUpperCase(Locale.ROOT));
    }
  }
}
