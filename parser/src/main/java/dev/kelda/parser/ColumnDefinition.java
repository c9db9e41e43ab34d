package dev.kelda.parser;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.TextPosition;
import java.util.Optional;
import org.apache.calcite.sql.SqlDataTypeSpec;
import org.apache.calcite.sql.SqlNode;

/**
 * One column of CREATE TABLE. The type is as written; the planner derives what it means.
 *
 * @param defaultValue an expression without columns
 */
public record ColumnDefinition(
    String name,
    SqlDataTypeSpec type,
    boolean nullable,
    Optional<SqlNode> defaultValue,
    Optional<String> comment,
    TextPosition position) {
  public ColumnDefinition {
    requireNonNull(name, "name is null");
    requireNonNull(type, "type is null");
    requireNonNull(defaultValue, "defaultValue is null");
    requireNonNull(comment, "comment is null");
    requireNonNull(position, "position is null");
  }
}
