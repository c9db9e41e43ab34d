package dev.kelda.planner.rules;

import dev.kelda.planner.function.ModuleFunction;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexVisitorImpl;

/**
 * Evaluates a module's function once per row where merged projections have the same call several
 * times: the call moves into a projection of its own below. Comes last, so that nothing merges the
 * two again.
 */
final class ModuleCalls extends RelHomogeneousShuttle {
  static RelNode once(RelNode node) {
    return node.accept(new ModuleCalls());
  }

  @Override
  public RelNode visit(RelNode other) {
    RelNode node = super.visit(other);
    return node instanceof LogicalProject project ? split(project) : node;
  }

  private static RelNode split(Project project) {
    Map<RexNode, Integer> counts = new LinkedHashMap<>();
    project.getProjects().forEach(expression -> count(expression, counts));
    List<RexNode> repeated =
        counts.entrySet().stream().filter(e -> e.getValue() > 1).map(Map.Entry::getKey).toList();
    if (repeated.isEmpty() || RexOver.containsOver(project.getProjects(), null)) {
      return project;
    }
    RexBuilder rex = project.getCluster().getRexBuilder();
    RelNode input = project.getInput();
    List<RexNode> below = new ArrayList<>();
    List<String> names = new ArrayList<>(input.getRowType().getFieldNames());
    for (int i = 0; i < input.getRowType().getFieldCount(); i++) {
      below.add(rex.makeInputRef(input, i));
    }
    for (RexNode call : repeated) {
      names.add("$call" + below.size());
      below.add(call);
    }
    RelNode lower = LogicalProject.create(input, List.of(), below, names, Set.of());
    int width = input.getRowType().getFieldCount();
    RexShuttle refer =
        new RexShuttle() {
          @Override
          public RexNode visitCall(RexCall call) {
            int at = repeated.indexOf(call);
            return at < 0 ? super.visitCall(call) : rex.makeInputRef(lower, width + at);
          }
        };
    RelDataType row = project.getRowType();
    return LogicalProject.create(
        lower,
        project.getHints(),
        refer.apply(project.getProjects()),
        row.getFieldNames(),
        Set.of());
  }

  private static void count(RexNode expression, Map<RexNode, Integer> counts) {
    expression.accept(
        new RexVisitorImpl<Void>(true) {
          @Override
          public Void visitCall(RexCall call) {
            if (call.getOperator() instanceof ModuleFunction) {
              counts.merge(call, 1, Integer::sum);
            }
            return super.visitCall(call);
          }
        });
  }
}
