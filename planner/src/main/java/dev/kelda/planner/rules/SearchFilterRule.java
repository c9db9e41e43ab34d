package dev.kelda.planner.rules;

import dev.kelda.planner.search.SearchNode;
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
import org.apache.calcite.util.ImmutableBitSet;

/**
 * Conditions on the searched columns alone go below a search: they choose the rows before the best
 * ones are taken. So do conditions on the queries. Others choose among the rows found.
 */
@SuppressWarnings("deprecation")
final class SearchFilterRule extends RelOptRule {
  static final SearchFilterRule INSTANCE = new SearchFilterRule();

  private SearchFilterRule() {
    super(operand(LogicalFilter.class, operand(SearchNode.class, any())), "SearchFilter");
  }

  @Override
  public void onMatch(RelOptRuleCall call) {
    LogicalFilter filter = call.rel(0);
    SearchNode search = call.rel(1);
    if (!filter.getVariablesSet().isEmpty()) {
      return;
    }
    RowsOfSearch columns = new RowsOfSearch(search);
    RexBuilder rex = filter.getCluster().getRexBuilder();
    List<RexNode> ofRows = new ArrayList<>();
    List<RexNode> ofQueries = new ArrayList<>();
    List<RexNode> above = new ArrayList<>();
    for (RexNode conjunct : RelOptUtil.conjunctions(filter.getCondition())) {
      ImmutableBitSet used = RelOptUtil.InputFinder.bits(conjunct);
      if (columns.areOfRows(used)) {
        ofRows.add(columns.overRows(conjunct));
        if (search.spec().outer()) {
          above.add(conjunct);
        }
      } else if (!used.isEmpty() && used.length() <= search.queryColumns()) {
        ofQueries.add(conjunct);
      } else {
        above.add(conjunct);
      }
    }
    List<RexNode> known = RelOptUtil.conjunctions(filterOf(search.rows()));
    ofRows.removeAll(known);
    if (ofRows.isEmpty() && ofQueries.isEmpty()) {
      return;
    }
    RelNode pushed =
        search.copy(
            search.getTraitSet(),
            List.of(
                filtered(search.queries(), ofQueries, rex), filtered(search.rows(), ofRows, rex)));
    call.transformTo(filtered(pushed, above, rex));
  }

  /** What the rows were filtered by when an outer search was here before. */
  private static RexNode filterOf(RelNode rows) {
    RelNode node =
        rows instanceof org.apache.calcite.plan.hep.HepRelVertex vertex
            ? vertex.getCurrentRel()
            : rows;
    return node instanceof LogicalFilter filter
        ? filter.getCondition()
        : rows.getCluster().getRexBuilder().makeLiteral(true);
  }

  private static RelNode filtered(RelNode input, List<RexNode> conditions, RexBuilder rex) {
    return conditions.isEmpty()
        ? input
        : LogicalFilter.create(input, RexUtil.composeConjunction(rex, conditions));
  }
}
