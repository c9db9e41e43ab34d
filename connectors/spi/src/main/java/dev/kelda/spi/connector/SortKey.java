package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

/** One key of the order that a table's files are written in. */
public record SortKey(ColumnTransform term, boolean ascending, boolean nullsFirst) {
  public SortKey {
    requireNonNull(term, "term is null");
  }

  @Override
  public String toString() {
    return term + (ascending ? " ASC" : " DESC") + (nullsFirst ? " NULLS FIRST" : " NULLS LAST");
  }
}
