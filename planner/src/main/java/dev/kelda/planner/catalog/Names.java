package dev.kelda.planner.catalog;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Finding names whatever their case, and the nearest one when there is none. */
public final class Names {
  private Names() {}

  /**
   * The exact name, else the only one that differs in case.
   *
   * @throws KeldaException AMBIGUOUS_NAME when several differ in case only
   */
  public static Optional<String> match(String name, Collection<String> candidates) {
    if (candidates.contains(name)) {
      return Optional.of(name);
    }
    List<String> found = candidates.stream().filter(name::equalsIgnoreCase).toList();
    if (found.size() > 1) {
      throw new KeldaException(
          ErrorCode.AMBIGUOUS_NAME,
          "\"%s\" is ambiguous: %s; write one of them in double quotes"
              .formatted(name, String.join(", ", found)));
    }
    return found.stream().findFirst();
  }

  /** {@code "; did you mean \"x\"?"} or nothing, to append to a message. */
  public static String suggestion(String name, Collection<String> candidates) {
    return nearest(name, candidates).map(n -> "; did you mean \"" + n + "\"?").orElse("");
  }

  /** The candidate with the fewest edits, if it is near enough to be a typing error. */
  public static Optional<String> nearest(String name, Collection<String> candidates) {
    String wanted = name.toLowerCase(Locale.ROOT);
    int limit = Math.max(1, Math.min(3, wanted.length() / 3));
    String best = null;
    int bestDistance = limit + 1;
    for (String candidate : candidates) {
      String given = candidate.toLowerCase(Locale.ROOT);
      if (Math.abs(given.length() - wanted.length()) >= bestDistance) {
        continue;
      }
      int distance = distance(wanted, given);
      if (distance == 0) {
        continue;
      }
      if (distance < bestDistance) {
        best = candidate;
        bestDistance = distance;
      }
    }
    return Optional.ofNullable(best);
  }

  /** Edits (insert, delete, replace, swap of neighbours) between two strings. */
  private static int distance(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      d[i][0] = i;
    }
    for (int j = 0; j <= b.length(); j++) {
      d[0][j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      for (int j = 1; j <= b.length(); j++) {
        int replace = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        int least = Math.min(Math.min(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + replace);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          least = Math.min(least, d[i - 2][j - 2] + 1);
        }
        d[i][j] = least;
      }
    }
    return d[a.length()][b.length()];
  }
}
