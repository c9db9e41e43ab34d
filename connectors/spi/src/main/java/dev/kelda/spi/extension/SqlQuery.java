package dev.kelda.spi.extension;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.TextPosition;

/**
 * A statement's text.
 *
 * @param position where the text begins in what the user wrote, so that errors point there
 */
public record SqlQuery(String text, TextPosition position) {
  public SqlQuery {
    requireNonNull(text, "text is null");
    requireNonNull(position, "position is null");
  }

  public static SqlQuery of(String text) {
    return new SqlQuery(text, new TextPosition(1, 1));
  }
}
