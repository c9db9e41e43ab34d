package dev.kelda.planner.rules;

import java.util.function.IntUnaryOperator;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.util.ImmutableBitSet;

/**
 * The left columns that the condition of a join reads, for joins that go below their left input.
 */
final class LeftColumns {
  private final Join join;
  private final int width;

  private LeftColumns(Join join) {
    this.join = join;
    this.width = join.getLeft().getRowType().getFieldCount();
  }

  static LeftColumns of(Join join) {
    return new LeftColumns(join);
  }

  ImmutableBitSet used() {
    return RelOptUtil.InputFinder.bits(join.getCondition()).intersect(ImmutableBitSet.range(width));
  }

  /**
   * The join with another left input.
   *
   * @param column what a left column is called there; asked of the used ones only
   */
  RelNode below(RelNode left, IntUnaryOperator column) {
    int shift = left.getRowType().getFieldCount() - width;
    RexNode condition =
        join.getCondition()
            .accept(
                new RexShuttle() {
                  @Override
                  public RexNode visitInputRef(RexInputRef ref) {
                    int i = ref.getIndex();
                    return i < width
                        ? RexInputRef.of(column.applyAsInt(i), left.getRowType())
                        : new RexInputRef(i + shift, ref.getType());
                  }
                });
    return join.copy(
        join.getTraitSet(), condition, left, join.getRight(), join.getJoinType(), false);
  }
}
