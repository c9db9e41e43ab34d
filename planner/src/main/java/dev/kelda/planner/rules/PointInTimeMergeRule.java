package dev.kelda.planner.rules;

import dev.kelda.planner.rules.PointInTimeJoin.Feature;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.calcite.plan.RelOptRule;
import org.apache.calcite.plan.RelOptRuleCall;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rex.RexNode;

/**
 * Several joins in time in a row over the same spine become one: the spine is indexed once. The
 * upper join's keys and times must be columns of the spine, not of an earlier feature.
 */
@SuppressWarnings("deprecation")
final class PointInTimeMergeRule extends RelOptRule {
  static final PointInTimeMergeRule INSTANCE = new PointInTimeMergeRule();

  private PointInTimeMergeRule() {
    super(
        operand(PointInTimeJoin.class, operand(PointInTimeJoin.class, any())), "PointInTimeMerge");
  }

  @Override
  public void onMatch(RelOptRuleCall call) {
    PointInTimeJoin upper = call.rel(0);
    PointInTimeJoin lower = call.rel(1);
    int spineColumns = lower.spine().getRowType().getFieldCount();
    for (Feature feature : upper.features()) {
      List<RexNode> used =
          Stream.concat(feature.spineKeys().stream(), Stream.of(feature.spineTime())).toList();
      if (RelOptUtil.InputFinder.bits(used, null).length() > spineColumns) {
        return;
      }
    }
    List<Feature> features = new ArrayList<>(lower.features());
    features.addAll(upper.features());
    call.transformTo(PointInTimeJoin.create(lower.spine(), features));
  }
}
