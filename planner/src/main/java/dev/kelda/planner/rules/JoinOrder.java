package dev.kelda.planner.rules;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;

/**
 * Orders joins by cost. A region of inner, left, semi- and anti-joins is taken apart into its
 * inputs and conditions ({@link JoinGraph}), a tree of least cost is searched ({@link JoinSearch}),
 * and built again. Columns are named by their place in the concatenation of all inputs.
 */
final class JoinOrder {
  private final Estimates estimates;

  JoinOrder(Estimates estimates) {
    this.estimates = estimates;
  }

  /** An equal tree with the same columns. */
  RelNode reorder(RelNode node) {
    if (!isRegion(node)) {
      return withInputs(node);
    }
    JoinGraph graph = new JoinGraph(estimates, node.getCluster().getRexBuilder());
    List<Integer> output = flatten(node, graph);
    graph.finish();
    JoinGraph.Built built = graph.build(new JoinSearch(graph).best());
    return restore(node, built, output);
  }

  private static boolean isRegion(RelNode node) {
    return switch (node) {
      case LogicalFilter filter -> isRegion(filter.getInput());
      case LogicalJoin join -> kind(join.getJoinType());
      default -> false;
    };
  }

  private static boolean kind(JoinRelType type) {
    return switch (type) {
      case INNER, LEFT, RIGHT, SEMI, ANTI -> true;
      default -> false;
    };
  }

  private RelNode withInputs(RelNode node) {
    List<RelNode> inputs = node.getInputs().stream().map(this::reorder).toList();
    boolean same =
        IntStream.range(0, inputs.size()).allMatch(i -> inputs.get(i) == node.getInput(i));
    return same ? node : node.copy(node.getTraitSet(), inputs);
  }

  /** The node's columns by their place in the graph. */
  private List<Integer> flatten(RelNode node, JoinGraph graph) {
    switch (node) {
      case LogicalFilter filter when graph.canFlatten() && isRegion(filter) -> {
        List<Integer> columns = flatten(filter.getInput(), graph);
        graph.condition(filter.getCondition(), columns);
        return columns;
      }
      case LogicalProject project when isRegion(project.getInput()) && onlyColumns(project) -> {
        List<Integer> columns = flatten(project.getInput(), graph);
        return project.getProjects().stream()
            .map(p -> columns.get(((RexInputRef) p).getIndex()))
            .toList();
      }
      case LogicalJoin join when graph.canFlatten() && kind(join.getJoinType()) -> {
        return join(join, graph);
      }
      default -> {
        return graph.leaf(reorder(node));
      }
    }
  }

  private List<Integer> join(LogicalJoin join, JoinGraph graph) {
    boolean right = join.getJoinType() == JoinRelType.RIGHT;
    List<Integer> kept = flatten(right ? join.getRight() : join.getLeft(), graph);
    List<Integer> added;
    if (join.getJoinType() == JoinRelType.INNER) {
      added = flatten(join.getRight(), graph);
      List<Integer> columns = concat(kept, added);
      graph.condition(join.getCondition(), columns);
      return columns;
    }
    added = graph.leaf(reorder(right ? join.getLeft() : join.getRight()));
    List<Integer> columns = right ? concat(added, kept) : concat(kept, added);
    graph.dependent(right ? JoinRelType.LEFT : join.getJoinType(), join.getCondition(), columns);
    return join.getJoinType().projectsRight() ? columns : kept;
  }

  private static List<Integer> concat(List<Integer> a, List<Integer> b) {
    List<Integer> both = new ArrayList<>(a);
    both.addAll(b);
    return both;
  }

  private static boolean onlyColumns(LogicalProject project) {
    return project.getProjects().stream().allMatch(p -> p instanceof RexInputRef);
  }

  private static RelNode restore(RelNode original, JoinGraph.Built built, List<Integer> output) {
    List<Integer> columns = built.columns();
    if (columns.equals(output)) {
      return built.rel();
    }
    List<RexNode> projects =
        output.stream()
            .map(
                o ->
                    (RexNode)
                        original
                            .getCluster()
                            .getRexBuilder()
                            .makeInputRef(built.rel(), columns.indexOf(o)))
            .toList();
    return LogicalProject.create(
        built.rel(), List.of(), projects, original.getRowType().getFieldNames(), Set.of());
  }
}
