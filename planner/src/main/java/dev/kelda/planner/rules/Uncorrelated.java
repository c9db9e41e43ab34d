package dev.kelda.planner.rules;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.util.ImmutableBitSet;

/**
 * A sub-query whose correlated conditions are taken out of it.
 *
 * @param rel without correlation to the outer row
 * @param conditions over the outer row's columns, then those of {@code rel}
 */
record Uncorrelated(RelNode rel, List<RexNode> conditions) {

  /**
   * @param outer the correlation variables that stand for the outer row
   * @param keepColumns the first columns of the result are those of {@code query}; otherwise any
   *     columns will do
   * @return empty when the correlation sits where it cannot be taken out (below an aggregate, a
   *     limit, a window, an outer join)
   */
  static Optional<Uncorrelated> of(
      RelNode query, Set<CorrelationId> outer, RelNode outerRow, boolean keepColumns) {
    return new Puller(outer, outerRow).pull(query, keepColumns).filter(u -> noneUsed(u.rel, outer));
  }

  private static boolean noneUsed(RelNode rel, Set<CorrelationId> outer) {
    return java.util.Collections.disjoint(RelOptUtil.getVariablesUsed(rel), outer);
  }

  private static final class Puller {
    private final Set<CorrelationId> outer;
    private final RelNode outerRow;
    private final int offset;
    private final RexBuilder rex;

    Puller(Set<CorrelationId> outer, RelNode outerRow) {
      this.outer = outer;
      this.outerRow = outerRow;
      this.offset = outerRow.getRowType().getFieldCount();
      this.rex = outerRow.getCluster().getRexBuilder();
    }

    Optional<Uncorrelated> pull(RelNode rel, boolean keepColumns) {
      if (noneUsed(rel, outer)) {
        return Optional.of(new Uncorrelated(rel, List.of()));
      }
      return switch (rel) {
        case LogicalFilter filter -> filter(filter, keepColumns);
        case LogicalProject project -> project(project, keepColumns);
        case LogicalJoin join when join.getJoinType() == JoinRelType.INNER -> join(join);
        default -> Optional.empty();
      };
    }

    private Optional<Uncorrelated> filter(LogicalFilter filter, boolean keepColumns) {
      List<RexNode> stay = new ArrayList<>();
      List<RexNode> go = new ArrayList<>();
      for (RexNode conjunct : RelOptUtil.conjunctions(filter.getCondition())) {
        (correlated(conjunct) ? go : stay).add(conjunct);
      }
      if (go.stream().anyMatch(c -> RexUtil.SubQueryFinder.find(c) != null)) {
        return Optional.empty();
      }
      return pull(filter.getInput(), true)
          .map(
              input -> {
                List<RexNode> conditions = new ArrayList<>(input.conditions);
                go.forEach(c -> conditions.add(outward(c)));
                RelNode below =
                    stay.isEmpty()
                        ? input.rel
                        : LogicalFilter.create(
                            input.rel,
                            RexUtil.composeConjunction(rex, stay),
                            com.google.common.collect.ImmutableSet.copyOf(
                                filter.getVariablesSet()));
                return new Uncorrelated(below, conditions);
              });
    }

    private Optional<Uncorrelated> project(LogicalProject project, boolean keepColumns) {
      boolean windows = keepColumns && RexOver.containsOver(project.getProjects(), null);
      if (windows || project.getProjects().stream().anyMatch(this::correlated)) {
        return Optional.empty();
      }
      Optional<Uncorrelated> input = pull(project.getInput(), true);
      if (input.isEmpty() || !keepColumns) {
        return input;
      }
      RelNode below = input.get().rel;
      List<RexNode> columns = new ArrayList<>(project.getProjects());
      int[] moved = new int[below.getRowType().getFieldCount()];
      ImmutableBitSet used = RelOptUtil.InputFinder.bits(input.get().conditions, null);
      for (int column : used) {
        if (column >= offset) {
          moved[column - offset] = columns.size();
          columns.add(rex.makeInputRef(below, column - offset));
        }
      }
      RelNode above =
          LogicalProject.create(below, List.of(), columns, (List<String>) null, Set.of());
      RexShuttle move =
          new RexShuttle() {
            @Override
            public RexNode visitInputRef(RexInputRef ref) {
              return ref.getIndex() < offset
                  ? ref
                  : new RexInputRef(offset + moved[ref.getIndex() - offset], ref.getType());
            }
          };
      return Optional.of(
          new Uncorrelated(
              above, input.get().conditions.stream().map(c -> c.accept(move)).toList()));
    }

    private Optional<Uncorrelated> join(LogicalJoin join) {
      Optional<Uncorrelated> left = pull(join.getLeft(), true);
      Optional<Uncorrelated> right = pull(join.getRight(), true);
      if (left.isEmpty() || right.isEmpty()) {
        return Optional.empty();
      }
      int before = join.getLeft().getRowType().getFieldCount();
      int after = left.get().rel.getRowType().getFieldCount();
      if (after != before || correlated(join.getCondition())) {
        return Optional.empty();
      }
      List<RexNode> conditions = new ArrayList<>(left.get().conditions);
      RexShuttle move =
          new RexShuttle() {
            @Override
            public RexNode visitInputRef(RexInputRef ref) {
              return ref.getIndex() < offset
                  ? ref
                  : new RexInputRef(ref.getIndex() + after, ref.getType());
            }
          };
      right.get().conditions.forEach(c -> conditions.add(c.accept(move)));
      RelNode joined =
          LogicalJoin.create(
              left.get().rel,
              right.get().rel,
              List.of(),
              join.getCondition(),
              Set.of(),
              JoinRelType.INNER);
      return Optional.of(new Uncorrelated(joined, conditions));
    }

    private boolean correlated(RexNode node) {
      Set<CorrelationId> used = new HashSet<>();
      node.accept(
          new RexShuttle() {
            @Override
            public RexNode visitCorrelVariable(RexCorrelVariable variable) {
              used.add(variable.id);
              return variable;
            }

            @Override
            public RexNode visitSubQuery(org.apache.calcite.rex.RexSubQuery query) {
              used.addAll(RelOptUtil.getVariablesUsed(query.rel));
              return super.visitSubQuery(query);
            }
          });
      return !java.util.Collections.disjoint(used, outer);
    }

    /** Over the outer row and the sub-query's row. */
    private RexNode outward(RexNode node) {
      return node.accept(
          new RexShuttle() {
            @Override
            public RexNode visitFieldAccess(RexFieldAccess access) {
              return access.getReferenceExpr() instanceof RexCorrelVariable v
                      && outer.contains(v.id)
                  ? rex.makeInputRef(outerRow, access.getField().getIndex())
                  : super.visitFieldAccess(access);
            }

            @Override
            public RexNode visitInputRef(RexInputRef ref) {
              return new RexInputRef(ref.getIndex() + offset, ref.getType());
            }
          });
    }
  }
}
