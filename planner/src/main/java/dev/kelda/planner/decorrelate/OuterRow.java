package dev.kelda.planner.decorrelate;

import java.util.ArrayList;
import java.util.List;
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
    RexBuilder rex = rel.getCluster().getRexBuilder();
    List<RexNode> columns = new ArrayList<>();
    fields.forEach(field -> columns.add(rex.makeInputRef(rel, field)));
    RelNode values = LogicalProject.create(rel, List.of(), columns, (List<String>) null, Set.of());
    return LogicalAggregate.create(
        values, List.of(), ImmutableBitSet.range(columns.size()), null, List.of());
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
