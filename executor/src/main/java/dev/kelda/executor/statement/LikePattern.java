package dev.kelda.executor.statement;

import java.util.Optional;
import java.util.regex.Pattern;

/** SQL's LIKE for names, whatever their case; no pattern matches everything. */
final class LikePattern {
  private final Optional<Pattern> pattern;

  LikePattern(Optional<String> like) {
    this.pattern =
        like.map(
            text -> {
              StringBuilder regex = new StringBuilder();
              text.codePoints()
                  .forEach(
                      c -> {
                        switch (c) {
                          case '%' -> regex.append(".*");
                          case '_' -> regex.append('.');
                          default -> regex.append(Pattern.quote(Character.toString(c)));
                        }
                      });
              return Pattern.compile(
                  regex.toString(),
                  Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.DOTALL);
            });
  }

  boolean matches(String name) {
    return pattern.map(p -> p.matcher(name).matches()).orElse(true);
  }
}
