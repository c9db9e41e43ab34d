package dev.kelda.planner.rules;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.plan.RelOptRule;
import org.apache.calcite.plan.RelOptRuleCall;
import org.apache.calcite.plan.RelOptRuleOperand;
import org.apache.calcite.rel.RelCollations;
import org.apache.calcite.rel.RelFieldCollation;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalSort;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;

/**
 * A join in time that keeps every spine row has as many rows as its spine: the first n of them, in
 * an order of the spine's columns or in none, come from the first n spine rows. Window functions
 * above the join see all rows, so that nothing goes below them.
 */
@SuppressWarnings("deprecation")
final class PointInTimeLimitRule extends RelOptRule {
  static final PointInTimeLimitRule INSTANCE =
      new PointInTimeLimitRule(
          operand(LogicalSort.class, operand(PointInTimeJoin.class, any())), "PointInTimeLimit");

  static final PointInTimeLimitRule OF_PROJECT =
      new PointInTimeLimitRule(
          operand(
              LogicalSort.class,
              operand(LogicalProject.class, operand(PointInTimeJoin.class, any()))),
          "PointInTimeLimit:Project");

  private PointInTimeLimitRule(RelOptRuleOperand operand, String name) {
    super(operand, name);
  }

  @Override
  public void onMatch(RelOptRuleCall call) {
    LogicalSort sort = call.rel(0);
    PointInTimeJoin join = call.rel(call.rels.length - 1);
    if (!(sort.fetch instanceof RexLiteral fetch)
        || !(sort.offset == null || sort.offset instanceof RexLiteral)
        || join.features().stream().anyMatch(PointInTimeJoin.Feature::inner)
        || (call.rel(1) instanceof LogicalProject project && project.containsOver())) {
      return;
    }
    BigDecimal rows = fetch.getValueAs(BigDecimal.class);
    if (sort.offset instanceof RexLiteral offset) {
      rows = rows.add(offset.getValueAs(BigDecimal.class));
    }
    Double most = call.getMetadataQuery().getMaxRowCount(join.spine());
    if (most != null && most <= rows.doubleValue()) {
      return;
    }
    int spineColumns = join.spine().getRowType().getFieldCount();
    List<RelFieldCollation> order = new ArrayList<>();
    for (RelFieldCollation by : sort.getCollation().getFieldCollations()) {
      int column = by.getFieldIndex();
      if (call.rel(1) instanceof LogicalProject project) {
        RexNode projected = project.getProjects().get(column);
        if (!(projected instanceof RexInputRef ref)) {
          return;
        }
        column = ref.getIndex();
      }
      if (column >= spineColumns) {
        return;
      }
      order.add(by.withFieldIndex(column));
    }
    RexNode limit = sort.getCluster().getRexBuilder().makeExactLiteral(rows, sort.fetch.getType());
    Sort first = LogicalSort.create(join.spine(), RelCollations.of(order), null, limit);
    List<RelNode> inputs = new ArrayList<>(join.getInputs());
    inputs.set(0, first);
    RelNode below = join.copy(join.getTraitSet(), inputs);
    if (call.rel(1) instanceof LogicalProject project) {
      below = project.copy(project.getTraitSet(), List.of(below));
    }
    call.transformTo(sort.copy(sort.getTraitSet(), List.of(below)));
  }
}
