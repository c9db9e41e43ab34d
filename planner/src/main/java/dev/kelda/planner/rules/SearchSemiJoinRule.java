package dev.kelda.planner.rules;

import dev.kelda.planner.search.SearchNode;
import java.util.List;
import org.apache.calcite.plan.RelOptRule;
import org.apache.calcite.plan.RelOptRuleCall;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.util.ImmutableBitSet;

/**
 * {@code WHERE EXISTS (…)} and {@code IN (…)} on the searched columns act before the best rows are
 * taken.
 */
@SuppressWarnings("deprecation")
final class SearchSemiJoinRule extends RelOptRule {
  static final SearchSemiJoinRule INSTANCE = new SearchSemiJoinRule();

  private SearchSemiJoinRule() {
    super(
        operand(
            LogicalJoin.class,
            operand(LogicalProject.class, operand(SearchNode.class, any())),
            operand(RelNode.class, any())),
        "SearchSemiJoin");
  }

  @Override
  public void onMatch(RelOptRuleCall call) {
    LogicalJoin join = call.rel(0);
    LogicalProject project = call.rel(1);
    SearchNode search = call.rel(2);
    boolean chooses =
        join.getJoinType() == JoinRelType.SEMI || join.getJoinType() == JoinRelType.ANTI;
    if (!chooses || search.spec().outer()) {
      return;
    }
    LeftColumns left = LeftColumns.of(join);
    ImmutableBitSet used = left.used();
    RowsOfSearch columns = new RowsOfSearch(search);
    boolean plain =
        used.asList().stream().allMatch(i -> project.getProjects().get(i) instanceof RexInputRef);
    if (!plain || !columns.areOfRows(below(used, project))) {
      return;
    }
    RelNode rows = left.below(search.rows(), i -> columns.columnOfRows(index(project, i)));
    RelNode pushed = search.copy(search.getTraitSet(), List.of(search.queries(), rows));
    call.transformTo(project.copy(project.getTraitSet(), List.of(pushed)));
  }

  private static ImmutableBitSet below(ImmutableBitSet columns, LogicalProject project) {
    return ImmutableBitSet.of(columns.asList().stream().map(i -> index(project, i)).toList());
  }

  private static int index(LogicalProject project, int column) {
    return ((RexInputRef) project.getProjects().get(column)).getIndex();
  }
}
