package dev.kelda.parser;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.TextPosition;
import java.util.Optional;
import org.apache.calcite.sql.SqlDataTypeSpec;

/** One column of CREATE TABLE. The type is as written; the planner derives what it means. */
public record ColumnDefinition(
    String name,
    SqlDataTypeSpec type,
    boolean nullable,
    Optional<String> comment,
    TextPosition position) {
  public ColumnDefinition {
    requireNonNull(name, "name is null");
    requireNonNull(type, "type is null");
    requireNonNull(comment, "comment is null");
    requireNonNull(position, "position is null");
  }
}
