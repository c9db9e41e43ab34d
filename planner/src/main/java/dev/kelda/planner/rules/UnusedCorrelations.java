package dev.kelda.planner.rules;

import java.util.List;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.logical.LogicalCorrelate;
import org.apache.calcite.rel.logical.LogicalJoin;

/**
 * A correlated join whose right side does not look at the left one becomes a join. It is what is
 * left of a sub-query whose correlated condition is never true; Calcite leaves it as it is.
 */
final class UnusedCorrelations extends RelHomogeneousShuttle {
  @Override
  public RelNode visit(LogicalCorrelate correlate) {
    RelNode rel = super.visit(correlate);
    if (!(rel instanceof LogicalCorrelate visited)
        || RelOptUtil.getVariablesUsed(visited.getRight()).contains(visited.getCorrelationId())) {
      return rel;
    }
    return LogicalJoin.create(
        visited.getLeft(),
        visited.getRight(),
        List.of(),
        visited.getCluster().getRexBuilder().makeLiteral(true),
        Set.of(),
        visited.getJoinType());
  }
}
