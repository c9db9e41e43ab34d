package dev.kelda.planner.rules;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.BiRel;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelVisitor;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.JoinRelType;

/**
 * What Calcite's decorrelation gets wrong: an outer join within a sub-query of which both sides
 * look at the outer row. It is what a sub-query within a sub-query becomes when both look at the
 * same row.
 */
final class SharedCorrelations extends RelVisitor {
  private final CorrelationId variable;

  private SharedCorrelations(CorrelationId variable) {
    this.variable = variable;
  }

  /**
   * @throws KeldaException NOT_SUPPORTED when there is one
   */
  static void refuse(RelNode rel) {
    if (rel instanceof Correlate correlate) {
      new SharedCorrelations(correlate.getCorrelationId()).go(correlate.getRight());
    }
    rel.getInputs().forEach(SharedCorrelations::refuse);
  }

  @Override
  public void visit(RelNode node, int ordinal, RelNode parent) {
    if (node instanceof BiRel join
        && type(join) == JoinRelType.LEFT
        && uses(join.getRight())
        && (uses(join.getLeft()) || inCondition(join))) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "a sub-query within a sub-query, both correlated to the same outer row, is not supported");
    }
    super.visit(node, ordinal, parent);
  }

  private static JoinRelType type(BiRel join) {
    return switch (join) {
      case Join j -> j.getJoinType();
      case Correlate c -> c.getJoinType();
      default -> JoinRelType.INNER;
    };
  }

  private boolean inCondition(BiRel join) {
    return join instanceof Join j && CorrelatedWindows.uses(j.getCondition(), Set.of(variable));
  }

  private boolean uses(RelNode rel) {
    return RelOptUtil.getVariablesUsed(rel).contains(variable);
  }
}
