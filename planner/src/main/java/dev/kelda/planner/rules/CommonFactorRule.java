package dev.kelda.planner.rules;

import org.apache.calcite.plan.RelOptRule;
import org.apache.calcite.plan.RelOptRuleCall;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUtil;

/**
 * {@code (a AND b) OR (a AND c)} becomes {@code a AND (b OR c)}, so that a can be a join key or go
 * down by itself.
 */
@SuppressWarnings("deprecation")
final class CommonFactorRule {
  static final RelOptRule FILTER =
      new RelOptRule(
          RelOptRule.operand(LogicalFilter.class, RelOptRule.any()), "CommonFactor:Filter") {
        @Override
        public void onMatch(RelOptRuleCall call) {
          LogicalFilter filter = call.rel(0);
          RexNode pulled =
              RexUtil.pullFactors(filter.getCluster().getRexBuilder(), filter.getCondition());
          if (!pulled.equals(filter.getCondition())) {
            call.transformTo(filter.copy(filter.getTraitSet(), filter.getInput(), pulled));
          }
        }
      };

  static final RelOptRule JOIN =
      new RelOptRule(RelOptRule.operand(LogicalJoin.class, RelOptRule.any()), "CommonFactor:Join") {
        @Override
        public void onMatch(RelOptRuleCall call) {
          LogicalJoin join = call.rel(0);
          RexNode pulled =
              RexUtil.pullFactors(join.getCluster().getRexBuilder(), join.getCondition());
          if (!pulled.equals(join.getCondition())) {
            call.transformTo(
                join.copy(
                    join.getTraitSet(),
                    pulled,
                    join.getLeft(),
                    join.getRight(),
                    join.getJoinType(),
                    join.isSemiJoinDone()));
          }
        }
      };

  private CommonFactorRule() {}
}
