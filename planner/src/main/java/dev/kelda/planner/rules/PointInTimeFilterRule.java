package dev.kelda.planner.rules;

import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.plan.RelOptRule;
import org.apache.calcite.plan.RelOptRuleCall;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUtil;

/**
 * Conditions on the spine alone go below a join in time, which keeps or drops each spine row by
 * itself. Conditions on a feature must stay above: below they would let another row match.
 */
@SuppressWarnings("deprecation")
final class PointInTimeFilterRule extends RelOptRule {
  static final PointInTimeFilterRule INSTANCE = new PointInTimeFilterRule();

  private PointInTimeFilterRule() {
    super(operand(LogicalFilter.class, operand(PointInTimeJoin.class, any())), "PointInTimeFilter");
  }

  @Override
  public void onMatch(RelOptRuleCall call) {
    LogicalFilter filter = call.rel(0);
    PointInTimeJoin join = call.rel(1);
    int spineColumns = join.spine().getRowType().getFieldCount();
    List<RexNode> below = new ArrayList<>();
    List<RexNode> above = new ArrayList<>();
    for (RexNode conjunct : RelOptUtil.conjunctions(filter.getCondition())) {
      boolean spineOnly =
          RelOptUtil.InputFinder.bits(conjunct).length() <= spineColumns
              && RexUtil.isDeterministic(conjunct);
      (spineOnly ? below : above).add(conjunct);
    }
    if (below.isEmpty()) {
      return;
    }
    RexBuilder rex = filter.getCluster().getRexBuilder();
    List<RelNode> inputs = new ArrayList<>(join.getInputs());
    inputs.set(0, LogicalFilter.create(join.spine(), RexUtil.composeConjunction(rex, below)));
    RelNode pushed = join.copy(join.getTraitSet(), inputs);
    call.transformTo(
        above.isEmpty()
            ? pushed
            : LogicalFilter.create(pushed, RexUtil.composeConjunction(rex, above)));
  }
}
