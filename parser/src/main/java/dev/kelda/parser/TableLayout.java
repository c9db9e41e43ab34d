package dev.kelda.parser;

import java.util.List;

/** PARTITIONED BY and SORTED BY of a new table; empty where they are not written. */
public record TableLayout(List<Transform> partitioning, List<OrderTerm> order) {
  public TableLayout {
    partitioning = List.copyOf(partitioning);
    order = List.copyOf(order);
  }
}
