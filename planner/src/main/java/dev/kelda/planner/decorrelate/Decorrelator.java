package dev.kelda.planner.decorrelate;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Uncollect;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rel.logical.LogicalCorrelate;

/** Makes joins of all correlated joins, save for UNNEST of a collection beside its row. */
public final class Decorrelator {
  private Decorrelator() {}

  /**
   * @return with the same row type
   * @throws KeldaException NOT_SUPPORTED for an operator that cannot be computed for many outer
   *     rows
   */
  public static RelNode decorrelate(RelNode rel) {
    if (rel instanceof LogicalCorrelate correlate) {
      JoinRelType type = correlate.getJoinType();
      if (type != JoinRelType.INNER && type != JoinRelType.LEFT) {
        throw new KeldaException(
            ErrorCode.NOT_SUPPORTED, "a correlated join of type " + type + " is not supported");
      }
      RelNode left = decorrelate(correlate.getLeft());
      OuterRow outer = new OuterRow(correlate.getCorrelationId(), left);
      RelNode right = SingleRow.checked(correlate.getRight());
      return new CorrelatedJoin(
              correlate.copy(
                  correlate.getTraitSet(),
                  left,
                  right,
                  correlate.getCorrelationId(),
                  correlate.getRequiredColumns(),
                  type),
              outer)
          .joined();
    }
    List<RelNode> inputs = new ArrayList<>();
    rel.getInputs().forEach(input -> inputs.add(decorrelate(input)));
    return inputs.equals(rel.getInputs()) ? rel : rel.copy(rel.getTraitSet(), inputs);
  }

  /** Whether the right side of a correlated join is nothing but UNNEST of expressions. */
  public static boolean isUnnest(RelNode right) {
    return right instanceof Uncollect uncollect
        && uncollect.getInput() instanceof Project project
        && project.getInput() instanceof Values values
        && values.getTuples().size() == 1;
  }
}
