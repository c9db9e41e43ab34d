package dev.kelda.parser;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.SortKey;

/** One key of SORTED BY. */
public record OrderTerm(Transform transform, boolean ascending, boolean nullsFirst) {
  public OrderTerm {
    requireNonNull(transform, "transform is null");
  }

  /** Without the place in the text. */
  public SortKey sortKey() {
    return new SortKey(transform.term(), ascending, nullsFirst);
  }
}
