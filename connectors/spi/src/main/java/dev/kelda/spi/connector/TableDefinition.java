package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A table to be made.
 *
 * @param columns in canonical types; field metadata {@code comment} is kept
 * @param defaults what INSERT puts where it gives no value, by column name
 * @param partitioning how rows are split into files; empty = not at all
 * @param sortOrder the order of rows within a file; empty = any
 * @param properties the connector's own; names are lower case
 */
public record TableDefinition(
    Schema columns,
    Map<String, Scalar> defaults,
    List<ColumnTransform> partitioning,
    List<SortKey> sortOrder,
    Map<String, String> properties) {
  /** The property behind {@link Table#partOf}. */
  public static final String PART_OF = "kelda.part-of";

  public TableDefinition {
    requireNonNull(columns, "columns is null");
    defaults = Map.copyOf(defaults);
    partitioning = List.copyOf(partitioning);
    sortOrder = List.copyOf(sortOrder);
    properties = Map.copyOf(properties);
  }

  /** Columns and nothing else. */
  public static TableDefinition of(Schema columns) {
    return new TableDefinition(columns, Map.of(), List.of(), List.of(), Map.of());
  }

  public TableDefinition withProperties(Map<String, String> changed) {
    return new TableDefinition(columns, defaults, partitioning, sortOrder, changed);
  }
}
