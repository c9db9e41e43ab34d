package dev.kelda.parser;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.TextPosition;
import java.util.Optional;

/** A column of CREATE VIEW. */
public record ViewColumn(String name, Optional<String> comment, TextPosition position) {
  public ViewColumn {
    requireNonNull(name, "name is null");
    requireNonNull(comment, "comment is null");
    requireNonNull(position, "position is null");
  }
}
