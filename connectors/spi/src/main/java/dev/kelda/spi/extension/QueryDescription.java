package dev.kelda.spi.extension;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * What is known of a statement before it runs.
 *
 * @param rows without columns for an update
 * @param parameters one field per {@code ?}
 * @param tables {@code catalog.schema.table} of every table it resolved
 */
public record QueryDescription(Schema rows, List<Field> parameters, List<String> tables) {
  public QueryDescription {
    requireNonNull(rows, "rows is null");
    parameters = List.copyOf(parameters);
    tables = List.copyOf(tables);
  }
}
