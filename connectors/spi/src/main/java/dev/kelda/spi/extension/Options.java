package dev.kelda.spi.extension;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The keys of a section of the configuration, taken one after the other. For one thread. */
public final class Options {
  private static final Pattern AMOUNT = Pattern.compile("\\s*(\\d{1,9})\\s*([a-zA-Z]*)\\s*");
  private static final Map<String, Long> SIZES =
      Map.of("", 1L, "b", 1L, "kb", 1L << 10, "mb", 1L << 20, "gb", 1L << 30, "tb", 1L << 40);
  private static final Map<String, Long> MILLIS =
      Map.of("ms", 1L, "s", 1_000L, "m", 60_000L, "h", 3_600_000L, "d", 86_400_000L);

  private final String section;
  private final Map<String, String> left;
  private final TreeSet<String> known = new TreeSet<>();

  public Options(String section, Map<String, String> values) {
    this.section = requireNonNull(section, "section is null");
    this.left = new HashMap<>(values);
  }

  public Optional<String> text(String key) {
    known.add(key);
    return Optional.ofNullable(left.remove(key));
  }

  /** {@code 64MB}. */
  public long bytes(String key, long otherwise) {
    return amount(key, SIZES, "a size such as '256MB'").orElse(otherwise);
  }

  /** {@code 10s}. */
  public Duration duration(String key, Duration otherwise) {
    return amount(key, MILLIS, "a time such as '10s'").map(Duration::ofMillis).orElse(otherwise);
  }

  /** A number and its unit. */
  private Optional<Long> amount(String key, Map<String, Long> units, String wanted) {
    return text(key)
        .map(
            value -> {
              Matcher amount = AMOUNT.matcher(value);
              Long unit =
                  amount.matches() ? units.get(amount.group(2).toLowerCase(Locale.ROOT)) : null;
              if (unit == null) {
                throw wrong(key, value, wanted);
              }
              return Long.parseLong(amount.group(1)) * unit;
            });
  }

  /** The keys that nobody has taken yet. */
  public Map<String, String> others() {
    return Map.copyOf(left);
  }

  /**
   * @throws KeldaException INVALID_CONFIGURATION when there is a key that nobody asked for
   */
  public void requireNoOthers() {
    if (!left.isEmpty()) {
      throw new KeldaException(
          ErrorCode.INVALID_CONFIGURATION,
          "[%s] has no key \"%s\"; it has %s"
              .formatted(section, new TreeMap<>(left).firstKey(), String.join(", ", known)));
    }
  }

  private KeldaException wrong(String key, String value, String wanted) {
    return new KeldaException(
        ErrorCode.INVALID_CONFIGURATION,
        "[%s] %s is '%s'; it must be %s".formatted(section, key, value, wanted));
  }
}
