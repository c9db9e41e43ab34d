package dev.kelda.server.config;

import java.util.Collection;
import java.util.Comparator;

/** The key that somebody most likely meant. */
final class NearestKey {
  private static final int MOST_EDITS = 3;

  private NearestKey() {}

  /** {@code ; did you mean 'x'?}, else the keys there are. */
  static String hint(String wanted, Collection<String> known) {
    return known.stream()
        .filter(key -> edits(wanted, key) <= MOST_EDITS)
        .min(Comparator.comparingInt(key -> edits(wanted, key)))
        .map(key -> "; did you mean '" + key + "'?")
        .orElse("; known are " + String.join(", ", known.stream().sorted().toList()));
  }

  // Levenshtein, a row at a time.
  private static int edits(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
