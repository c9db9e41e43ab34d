package dev.kelda.spi.extension;

import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** The pattern of {@code SHOW … LIKE}: {@code %} and {@code _}, upper and lower case alike. */
public final class LikePattern {
  private LikePattern() {}

  /**
   * Whether a name matches.
   *
   * @param pattern empty = every name does
   */
  public static Predicate<String> of(Optional<String> pattern) {
    StringBuilder regex = new StringBuilder();
    for (char c : pattern.orElse("%").toCharArray()) {
      regex.append(c == '%' ? ".*" : c == '_' ? "." : Pattern.quote(String.valueOf(c)));
    }
    return Pattern.compile(regex.toString(), Pattern.CASE_INSENSITIVE | Pattern.DOTALL)
        .asMatchPredicate();
  }
}
