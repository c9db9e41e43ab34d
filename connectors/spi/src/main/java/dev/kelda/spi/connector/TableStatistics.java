package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.util.Map;
import java.util.OptionalDouble;

/**
 * Estimates for the join order.
 *
 * @param rows empty when unknown
 * @param columns by ordinal in {@link Table#schema()}; absent = unknown
 */
public record TableStatistics(OptionalDouble rows, Map<Integer, ColumnStatistics> columns) {
  public static final TableStatistics UNKNOWN =
      new TableStatistics(OptionalDouble.empty(), Map.of());

  public TableStatistics {
    requireNonNull(rows, "rows is null");
    columns = Map.copyOf(columns);
  }
}
