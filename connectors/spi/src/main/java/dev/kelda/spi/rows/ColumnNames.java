package dev.kelda.spi.rows;

import java.util.List;

/** Names for columns that are added to others. */
public final class ColumnNames {
  private ColumnNames() {}

  /** The name, or the first of it with 0, 1 … that none of the others is, whatever their case. */
  public static String unused(String name, List<String> others) {
    String free = name;
    for (int i = 0; others.stream().anyMatch(free::equalsIgnoreCase); i++) {
      free = name + i;
    }
    return free;
  }
}
