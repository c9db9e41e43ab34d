package dev.kelda.planner.rules;

import static java.util.Objects.requireNonNull;

import dev.kelda.planner.search.SearchNode;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.util.ImmutableBitSet;

/** The columns of a search's output that are columns of its rows input; before trimming. */
record RowsOfSearch(SearchNode search) {
  RowsOfSearch {
    requireNonNull(search, "search is null");
  }

  /** Some columns, and all of the rows. */
  boolean areOfRows(ImmutableBitSet columns) {
    int first = search.queryColumns();
    return !columns.isEmpty()
        && columns.nextSetBit(0) >= first
        && columns.length() <= first + search.spec().output().size();
  }

  int columnOfRows(int column) {
    return search.spec().output().get(column - search.queryColumns());
  }

  RexNode overRows(RexNode condition) {
    return condition.accept(
        new RexShuttle() {
          @Override
          public RexNode visitInputRef(RexInputRef ref) {
            int column = columnOfRows(ref.getIndex());
            return new RexInputRef(
                column, search.rows().getRowType().getFieldList().get(column).getType());
          }
        });
  }
}
