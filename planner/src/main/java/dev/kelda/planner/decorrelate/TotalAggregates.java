package dev.kelda.planner.decorrelate;

import java.util.List;
import org.apache.calcite.rel.RelCollations;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.AggregateCall;
import org.apache.calcite.rel.logical.LogicalAggregate;
import org.apache.calcite.sql.SqlAggFunction;
import org.apache.calcite.util.ImmutableBitSet;

/** Aggregates over all rows of a relation. */
public final class TotalAggregates {
  private TotalAggregates() {}

  /** One row with the results of the calls. */
  public static RelNode of(RelNode input, List<AggregateCall> calls) {
    return LogicalAggregate.create(input, List.of(), ImmutableBitSet.of(), null, calls);
  }

  public static AggregateCall call(SqlAggFunction function, List<Integer> args, RelNode input) {
    return AggregateCall.create(
        function,
        false,
        false,
        false,
        List.of(),
        args,
        -1,
        null,
        RelCollations.EMPTY,
        0,
        input,
        null,
        null);
  }
}
