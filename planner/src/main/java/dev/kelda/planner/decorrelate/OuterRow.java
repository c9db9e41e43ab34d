package dev.kelda.planner.decorrelate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.logical.LogicalAggregate;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.util.ImmutableBitSet;

/**
 * What a correlated sub-query looks at.
 *
 * @param id the variable that stands for a row of {@code rel}
 * @param rel not correlated itself
 */
record OuterRow(CorrelationId id, RelNode rel) {

  /** The fields of the outer row that a relation and all below it refer to. */
  ImmutableBitSet fields(RelNode of) {
    FieldFinder finder = new FieldFinder();
    of.accept(
        new RelHomogeneousShuttle() {
          @Override
          public RelNode visit(RelNode other) {
            other.accept(finder);
            return super.visit(other);
          }
        });
    return finder.fields.build();
  }

  ImmutableBitSet fields(Iterable<? extends RexNode> of) {
    FieldFinder finder = new FieldFinder();
    of.forEach(node -> node.accept(finder));
    return finder.fields.build();
  }

  boolean isUsedIn(RelNode of) {
    return !fields(of).isEmpty();
  }

  boolean isUsedIn(RexNode of) {
    return !fields(List.of(of)).isEmpty();
  }

  /** The field that an expression is, or -1. */
  int field(RexNode node) {
    return node instanceof RexFieldAccess access && isOf(access)
        ? access.getField().getIndex()
        : -1;
  }

  private boolean isOf(RexFieldAccess access) {
    return access.getReferenceExpr() instanceof RexCorrelVariable variable
        && variable.id.equals(id);
  }

  /** The different values that the fields have, in their order. */
  RelNode domain(ImmutableBitSet fields) {
    RelNode from = rel;
    List<Integer> columns = fields.toList();
    Optional<Source> below = source(from, columns);
    while (below.isPresent()) {
      from = below.get().rel;
      columns = below.get().columns;
      below = source(from, columns);
    }
    RexBuilder rex = rel.getCluster().getRexBuilder();
    RelNode rows = PlanSize.requireSmall(from);
    List<RexNode> values = new ArrayList<>();
    columns.forEach(column -> values.add(rex.makeInputRef(rows, column)));
    RelNode project = LogicalProject.create(rows, List.of(), values, (List<String>) null, Set.of());
    return LogicalAggregate.create(
        project, List.of(), ImmutableBitSet.range(values.size()), null, List.of());
  }

  private record Source(RelNode rel, List<Integer> columns) {}

  /** An input with the same different values: several sub-queries of one row add joins to it. */
  private static Optional<Source> source(RelNode rel, List<Integer> columns) {
    if (rel instanceof LogicalProject project) {
      List<RexNode> values = columns.stream().map(c -> project.getProjects().get(c)).toList();
      return values.stream().allMatch(RexInputRef.class::isInstance)
          ? Optional.of(
              new Source(
                  project.getInput(),
                  values.stream().map(v -> ((RexInputRef) v).getIndex()).toList()))
          : Optional.empty();
    }
    if (rel instanceof LogicalJoin join && join.getJoinType() == JoinRelType.LEFT) {
      int width = join.getLeft().getRowType().getFieldCount();
      return columns.stream().allMatch(c -> c < width)
          ? Optional.of(new Source(join.getLeft(), columns))
          : Optional.empty();
    }
    return Optional.empty();
  }

  /** Each row beside each value of the fields, which come last. */
  RelNode beside(RelNode rows, ImmutableBitSet fields) {
    return LogicalJoin.create(
        rows,
        domain(fields),
        List.of(),
        rel.getCluster().getRexBuilder().makeLiteral(true),
        Set.of(),
        JoinRelType.INNER);
  }

  private final class FieldFinder extends RexShuttle {
    final ImmutableBitSet.Builder fields = ImmutableBitSet.builder();

    @Override
    public RexNode visitFieldAccess(RexFieldAccess access) {
      if (isOf(access)) {
        fields.set(access.getField().getIndex());
        return access;
      }
      return super.visitFieldAccess(access);
    }
  }
}
