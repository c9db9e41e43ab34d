package dev.kelda.planner.rules;

import dev.kelda.planner.decorrelate.Partitions;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;

/**
 * Calcite writes SUM OVER as {@code CASE WHEN COUNT OVER > 0 THEN SUM0 OVER ELSE NULL}; this puts
 * the one function back.
 */
final class WindowSums extends RelHomogeneousShuttle {
  @Override
  public RelNode visit(RelNode node) {
    RelNode visited = super.visit(node);
    RexBuilder rex = node.getCluster().getRexBuilder();
    return visited.accept(
        new RexShuttle() {
          @Override
          public RexNode visitCall(RexCall call) {
            RexNode changed = super.visitCall(call);
            return changed.isA(SqlKind.CASE) ? sum(rex, (RexCall) changed) : changed;
          }
        });
  }

  private static RexNode sum(RexBuilder rex, RexCall call) {
    boolean fits =
        call.getOperands().size() == 3
            && call.getOperands().get(0).isA(SqlKind.GREATER_THAN)
            && ((RexCall) call.getOperands().get(0)).getOperands().get(0) instanceof RexOver count
            && count.getAggOperator().getKind() == SqlKind.COUNT
            && over(call.getOperands().get(1)) instanceof RexOver sum
            && (sum.getAggOperator().getKind() == SqlKind.SUM0
                || sum.getAggOperator().getKind() == SqlKind.SUM)
            && sum.getWindow().equals(count.getWindow())
            && sum.getOperands().equals(count.getOperands());
    if (!fits) {
      return call;
    }
    RexOver sum = (RexOver) over(call.getOperands().get(1));
    return Partitions.over(
        rex, sum, call.getType(), SqlStdOperatorTable.SUM, sum.getWindow().partitionKeys);
  }

  private static RexNode over(RexNode node) {
    return node.isA(SqlKind.CAST) ? ((RexCall) node).getOperands().get(0) : node;
  }
}
