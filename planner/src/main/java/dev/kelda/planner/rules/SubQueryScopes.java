package dev.kelda.planner.rules;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;

/**
 * Marks projections whose sub-queries refer to rows further out, and not to their own: Calcite
 * takes a projection that declares no variable for the one that every variable stands for, and
 * would join the sub-query to the wrong rows. A variable of their own, which nobody uses, is the
 * mark.
 */
final class SubQueryScopes {
  private SubQueryScopes() {}

  static RelNode marked(RelNode root) {
    return mark(root, Set.of());
  }

  /**
   * @param outer variables that stand for rows outside of the node
   */
  private static RelNode mark(RelNode rel, Set<CorrelationId> outer) {
    List<RelNode> inputs = new ArrayList<>();
    for (int i = 0; i < rel.getInputs().size(); i++) {
      boolean right = rel instanceof Correlate && i == 1;
      Set<CorrelationId> around =
          right ? union(outer, Set.of(((Correlate) rel).getCorrelationId())) : outer;
      inputs.add(mark(rel.getInput(i), around));
    }
    RelNode node = inputs.equals(rel.getInputs()) ? rel : rel.copy(rel.getTraitSet(), inputs);
    Set<CorrelationId> within = union(outer, node.getVariablesSet());
    Set<CorrelationId> used = new HashSet<>();
    node =
        node.accept(
            new RexShuttle() {
              @Override
              public RexSubQuery visitSubQuery(RexSubQuery query) {
                used.addAll(RelOptUtil.getVariablesUsed(query.rel));
                RelNode inner = mark(query.rel, within);
                return inner == query.rel ? query : query.clone(inner);
              }
            });
    boolean unmarked =
        node instanceof LogicalProject
            && node.getVariablesSet().isEmpty()
            && !used.isEmpty()
            && outer.containsAll(used);
    return unmarked ? withVariable((LogicalProject) node) : node;
  }

  private static RelNode withVariable(LogicalProject project) {
    return LogicalProject.create(
        project.getInput(),
        project.getHints(),
        project.getProjects(),
        project.getRowType(),
        Set.of(project.getCluster().createCorrel()));
  }

  private static Set<CorrelationId> union(Set<CorrelationId> some, Set<CorrelationId> others) {
    Set<CorrelationId> all = new HashSet<>(some);
    all.addAll(others);
    return all;
  }
}
