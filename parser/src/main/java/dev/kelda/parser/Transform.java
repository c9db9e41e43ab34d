package dev.kelda.parser;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.ColumnTransform;
import dev.kelda.spi.error.TextPosition;

/** A column, or a transform of one, as a table is partitioned or sorted by. */
public record Transform(ColumnTransform term, TextPosition position) {
  public Transform {
    requireNonNull(term, "term is null");
    requireNonNull(position, "position is null");
  }
}
