package dev.kelda.executor.setting;

import java.util.Collection;
import java.util.Comparator;

/** The name a user most likely meant. */
public final class NearestName {
  private NearestName() {}

  /** {@code ; did you mean "x"?}, or nothing when no name is near. */
  public static String hint(String wanted, Collection<String> names) {
    int tolerance = Math.max(2, wanted.length() / 3);
    return names.stream()
        .map(name -> new Candidate(name, distance(wanted, name)))
        .filter(candidate -> candidate.distance <= tolerance)
        .min(Comparator.comparingInt(Candidate::distance))
        .map(candidate -> "; did you mean \"" + candidate.name + "\"?")
        .orElse("");
  }

  private record Candidate(String name, int distance) {}

  // Levenshtein, one row at a time.
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        boolean same =
            Character.toLowerCase(a.charAt(i - 1)) == Character.toLowerCase(b.charAt(j - 1));
        int changed = diagonal + (same ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
