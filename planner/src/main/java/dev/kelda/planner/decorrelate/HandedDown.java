package dev.kelda.planner.decorrelate;

import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;

/**
 * What the right side of a correlated join asks of a row further out, it asks of the row beside it.
 */
final class HandedDown extends RexShuttle {
  private final OuterRow outer;
  private final OuterRow own;
  private final Unnested left;
  private final RexNode row;
  private final RexBuilder rex;

  /**
   * @param id the variable that stands for a row of {@code left} from now on
   * @param left the row beside, with the values of {@code outer}
   * @param own the variable that has stood for the row beside
   */
  HandedDown(CorrelationId id, Unnested left, OuterRow outer, OuterRow own) {
    this.rex = left.rel().getCluster().getRexBuilder();
    this.row = rex.makeCorrel(left.rel().getRowType(), id);
    this.left = left;
    this.outer = outer;
    this.own = own;
  }

  RelNode in(RelNode right) {
    return right.accept(
        new RelHomogeneousShuttle() {
          @Override
          public RelNode visit(RelNode other) {
            return super.visit(other).accept(HandedDown.this);
          }
        });
  }

  @Override
  public RexNode visitFieldAccess(RexFieldAccess access) {
    int field = outer.field(access);
    if (field >= 0) {
      return rex.makeFieldAccess(row, left.outer().get(field));
    }
    int column = own.field(access);
    return column >= 0 ? rex.makeFieldAccess(row, column) : super.visitFieldAccess(access);
  }
}
