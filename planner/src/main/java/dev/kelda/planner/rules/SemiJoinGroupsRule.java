package dev.kelda.planner.rules;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.plan.RelOptRule;
import org.apache.calcite.plan.RelOptRuleCall;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.logical.LogicalAggregate;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexVisitorImpl;
import org.apache.calcite.util.ImmutableBitSet;

/**
 * A semi-join on columns that rows are grouped or partitioned by keeps whole groups: it goes below,
 * so that the others are not computed, and its keys are known to the scan.
 */
@SuppressWarnings("deprecation")
final class SemiJoinGroupsRule extends RelOptRule {
  static final SemiJoinGroupsRule AGGREGATE = new SemiJoinGroupsRule(LogicalAggregate.class);
  static final SemiJoinGroupsRule PROJECT = new SemiJoinGroupsRule(LogicalProject.class);

  private SemiJoinGroupsRule(Class<? extends RelNode> groups) {
    super(
        operand(LogicalJoin.class, operand(groups, any()), operand(RelNode.class, any())),
        "SemiJoinGroups:" + groups.getSimpleName());
  }

  @Override
  public void onMatch(RelOptRuleCall call) {
    LogicalJoin join = call.rel(0);
    RelNode groups = call.rel(1);
    if (join.getJoinType() != JoinRelType.SEMI) {
      return;
    }
    LeftColumns columns = LeftColumns.of(join);
    ImmutableBitSet used = columns.used();
    if (used.isEmpty() || !used.asList().stream().allMatch(i -> below(groups, i).isPresent())) {
      return;
    }
    boolean whole =
        switch (groups) {
          case LogicalAggregate aggregate ->
              aggregate.getGroupType() == LogicalAggregate.Group.SIMPLE;
          case LogicalProject project -> keepsGroups(project, used);
          default -> false;
        };
    if (!whole) {
      return;
    }
    RelNode kept = columns.below(groups.getInput(0), i -> below(groups, i).get());
    call.transformTo(groups.copy(groups.getTraitSet(), List.of(kept)));
  }

  /** The input's column that a column is. */
  private static Optional<Integer> below(RelNode groups, int column) {
    return switch (groups) {
      case LogicalAggregate aggregate when column < aggregate.getGroupCount() ->
          Optional.of(aggregate.getGroupSet().nth(column));
      case LogicalProject project
          when project.getProjects().get(column) instanceof RexInputRef ref ->
          Optional.of(ref.getIndex());
      default -> Optional.empty();
    };
  }

  /** Only on the way to groups: elsewhere it is the join order's to say where the join stands. */
  private static boolean keepsGroups(LogicalProject project, ImmutableBitSet used) {
    return project.containsOver()
        ? project.getProjects().stream().allMatch(e -> isPartitionedBy(e, project, used))
        : project.getInput().stripped() instanceof LogicalAggregate;
  }

  private static boolean isPartitionedBy(
      RexNode expression, LogicalProject project, ImmutableBitSet used) {
    boolean[] all = {true};
    expression.accept(
        new RexVisitorImpl<Void>(true) {
          @Override
          public Void visitOver(RexOver over) {
            ImmutableBitSet partition =
                ImmutableBitSet.of(
                    over.getWindow().partitionKeys.stream()
                        .filter(RexInputRef.class::isInstance)
                        .map(key -> ((RexInputRef) key).getIndex())
                        .toList());
            all[0] &= used.asList().stream().allMatch(i -> partition.get(below(project, i).get()));
            return super.visitOver(over);
          }
        });
    return all[0];
  }
}
