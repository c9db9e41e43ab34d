package dev.kelda.parser;

import static java.util.stream.Collectors.joining;

import dev.kelda.spi.error.TextPosition;
import java.util.List;
import org.apache.calcite.sql.SqlIdentifier;

/**
 * The name of an object as written: one to three parts (catalog, schema, object), case kept, quotes
 * removed. The position is that of the first part.
 */
public record Name(List<String> parts, TextPosition position) {
  public Name {
    parts = List.copyOf(parts);
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("a name has at least one part");
    }
    if (position == null) {
      throw new NullPointerException("position is null");
    }
  }

  static Name of(SqlIdentifier identifier) {
    return new Name(identifier.names, Positions.start(identifier));
  }

  /** The last part: the object's own name. */
  public String last() {
    return parts.getLast();
  }

  /** {@code lake.main.flights}, for messages; parts that need quotes have them. */
  @Override
  public String toString() {
    return parts.stream().map(Name::quoteIfNeeded).collect(joining("."));
  }

  private static String quoteIfNeeded(String part) {
    return part.matches("[\\p{L}_][\\p{L}\\p{N}_$]*(@[0-9]+)?")
        ? part
        : '"' + part.replace("\"", "\"\"") + '"';
  }
}
