package dev.kelda.planner.rules;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.RelVisitor;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.rex.RexVisitorImpl;
import org.apache.calcite.rex.RexWindow;
import org.apache.calcite.sql.SqlKind;

/**
 * Windows over the rows of a correlated sub-query are partitioned by what those rows have in common
 * with the outer row: {@code WHERE t.k = o.k} makes it {@code PARTITION BY t.k}. Once decorrelated,
 * the rows of all outer rows are in one relation, and Calcite leaves the windows as they are.
 */
final class CorrelatedWindows extends RelHomogeneousShuttle {
  /**
   * @throws KeldaException NOT_SUPPORTED when the rows are not chosen by equality
   */
  static RelNode partitioned(RelNode rel) {
    return rel.accept(new CorrelatedWindows());
  }

  @Override
  public RelNode visit(LogicalProject project) {
    RelNode visited = super.visit(project);
    if (!(visited instanceof LogicalProject windows)
        || !RexOver.containsOver(windows.getProjects(), null)) {
      return visited;
    }
    Set<CorrelationId> outer = outer(windows.getInput());
    if (outer.isEmpty()) {
      return visited;
    }
    List<RexNode> keys =
        keys(windows.getInput(), outer)
            .orElseThrow(
                () ->
                    new KeldaException(
                        ErrorCode.NOT_SUPPORTED,
                        "a window function in a correlated sub-query is not supported, unless its"
                            + " WHERE compares columns with those of the outer row by = alone"));
    return windows.accept(new Partitions(windows.getCluster().getRexBuilder(), keys));
  }

  /** The columns that are equal to something of the outer row. */
  private static Optional<List<RexNode>> keys(RelNode input, Set<CorrelationId> outer) {
    if (!(input instanceof Filter filter) || !outer(filter.getInput()).isEmpty()) {
      return Optional.empty();
    }
    List<RexNode> keys = new ArrayList<>();
    for (RexNode conjunct : RelOptUtil.conjunctions(filter.getCondition())) {
      if (uses(conjunct, outer)) {
        List<RexNode> sides =
            conjunct.isA(SqlKind.EQUALS) ? ((RexCall) conjunct).getOperands() : List.of();
        List<RexNode> own = sides.stream().filter(side -> !uses(side, outer)).toList();
        boolean fits =
            own.size() == 1
                && sides.stream()
                    .filter(side -> uses(side, outer))
                    .allMatch(CorrelatedWindows::isOuter);
        if (!fits) {
          return Optional.empty();
        }
        keys.add(own.getFirst());
      }
    }
    return Optional.of(keys);
  }

  private static boolean isOuter(RexNode node) {
    return !RexUtil.containsInputRef(node);
  }

  static boolean uses(RexNode node, Set<CorrelationId> variables) {
    Set<CorrelationId> used = new HashSet<>();
    node.accept(
        new RexVisitorImpl<Void>(true) {
          @Override
          public Void visitCorrelVariable(RexCorrelVariable variable) {
            used.add(variable.id);
            return null;
          }
        });
    used.retainAll(variables);
    return !used.isEmpty();
  }

  /** Variables of rows outside. */
  private static Set<CorrelationId> outer(RelNode rel) {
    Set<CorrelationId> variables = new HashSet<>(RelOptUtil.getVariablesUsed(rel));
    new RelVisitor() {
      @Override
      public void visit(RelNode node, int ordinal, RelNode parent) {
        if (node instanceof Correlate correlate) {
          variables.remove(correlate.getCorrelationId());
        }
        super.visit(node, ordinal, parent);
      }
    }.go(rel);
    return variables;
  }

  private static final class Partitions extends RexShuttle {
    private final RexBuilder rex;
    private final List<RexNode> keys;

    Partitions(RexBuilder rex, List<RexNode> keys) {
      this.rex = rex;
      this.keys = keys;
    }

    @Override
    public RexNode visitOver(RexOver over) {
      RexWindow window = over.getWindow();
      List<RexNode> partitions = new ArrayList<>(window.partitionKeys);
      partitions.addAll(keys);
      return rex.makeOver(
          over.getType(),
          over.getAggOperator(),
          over.getOperands(),
          partitions,
          window.orderKeys,
          window.getLowerBound(),
          window.getUpperBound(),
          window.getExclude(),
          window.isRows(),
          true,
          false,
          over.isDistinct(),
          over.ignoreNulls());
    }
  }
}
