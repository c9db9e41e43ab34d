package dev.kelda.planner.change;

import dev.kelda.parser.Name;
import dev.kelda.planner.catalog.Names;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Field;

/** A target's columns by their names in the statement. */
final class ChangeColumns {
  private ChangeColumns() {}

  static Optional<Integer> find(List<Field> columns, Name name) {
    List<String> names = columns.stream().map(Field::getName).toList();
    return Names.match(name.last(), names).map(names::indexOf);
  }

  /**
   * @throws KeldaException COLUMN_NOT_FOUND with the nearest name
   */
  static int require(List<Field> columns, Name name, String table) {
    List<String> names = columns.stream().map(Field::getName).toList();
    return find(columns, name)
        .orElseThrow(
            () ->
                new KeldaException(
                    ErrorCode.COLUMN_NOT_FOUND,
                    "table %s has no column \"%s\"%s"
                        .formatted(table, name.last(), Names.suggestion(name.last(), names)),
                    name.position()));
  }
}
