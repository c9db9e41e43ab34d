package dev.kelda.ai.index;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.AddressedTable;
import java.util.List;

/**
 * What a planned search asks.
 *
 * @param index whose id is empty is none
 * @param columns of the index's that are searched, by ordinal
 * @param ef nodes considered on the way through the graph
 */
public record Target(IndexDefinition index, AddressedTable table, List<Integer> columns, int ef) {
  public Target {
    requireNonNull(index, "index is null");
    requireNonNull(table, "table is null");
    columns = List.copyOf(columns);
  }
}
