package dev.kelda.planner.decorrelate;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;

/** Rewrites that repeat a relation multiply when they nest: nothing large is repeated. */
public final class PlanSize extends RelHomogeneousShuttle {
  private static final int MAX_NODES = 2_000;

  private int nodes;

  private PlanSize() {}

  /**
   * @throws KeldaException STATEMENT_TOO_COMPLEX when the relation has too many operators to be
   *     repeated
   */
  public static RelNode requireSmall(RelNode rel) {
    rel.accept(new PlanSize());
    return rel;
  }

  @Override
  public RelNode visit(RelNode other) {
    if (++nodes > MAX_NODES) {
      throw new KeldaException(
          ErrorCode.STATEMENT_TOO_COMPLEX,
          "there are too many correlated sub-queries in each other");
    }
    other.accept(
        new RexShuttle() {
          @Override
          public RexNode visitSubQuery(RexSubQuery query) {
            query.rel.accept(PlanSize.this);
            return query;
          }
        });
    return super.visit(other);
  }
}
