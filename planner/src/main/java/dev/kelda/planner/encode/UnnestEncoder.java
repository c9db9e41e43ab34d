package dev.kelda.planner.encode;

import dev.kelda.planner.decorrelate.Decorrelator;
import dev.kelda.planner.proto.Expr;
import dev.kelda.planner.proto.FieldAccess;
import dev.kelda.planner.proto.Rel;
import dev.kelda.planner.proto.Unnest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Uncollect;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexNode;

/** UNNEST, alone or beside the rows it depends on. Other correlation is refused. */
final class UnnestEncoder {
  private final RelEncoder rels;

  UnnestEncoder(RelEncoder rels) {
    this.rels = rels;
  }

  Rel encode(Uncollect uncollect) {
    RelNode input = uncollect.getInput();
    int width = input.getRowType().getFieldCount();
    List<RexNode> collections = new ArrayList<>();
    for (int i = 0; i < width; i++) {
      collections.add(rels.rex().makeInputRef(input, i));
    }
    Rel rel = unnest(rels.encode(input), rels.over(input).encodeAll(collections), false, uncollect);
    return RelEncoder.project(rel, elements(uncollect, width));
  }

  Rel encode(Correlate correlate) {
    RelNode left = correlate.getLeft();
    boolean outer = correlate.getJoinType() == JoinRelType.LEFT;
    RelNode right = correlate.getRight();
    Deque<RelNode> above = new ArrayDeque<>();
    while (right instanceof Project || right instanceof Filter && !outer) {
      above.push(right);
      right = right.getInput(0);
    }
    boolean fits =
        (outer || correlate.getJoinType() == JoinRelType.INNER) && Decorrelator.isUnnest(right);
    if (!fits) {
      throw RexEncoder.unsupported("this correlated sub-query or LATERAL join");
    }
    Uncollect uncollect = (Uncollect) right;
    RexBuilder rex = rels.rex();
    int width = left.getRowType().getFieldCount();
    RexCorrelVariable row =
        (RexCorrelVariable) rex.makeCorrel(left.getRowType(), correlate.getCorrelationId());
    RexEncoder over = new RexEncoder(rex, IntUnaryOperator.identity(), width, Optional.of(row));
    Rel rel =
        unnest(
            rels.encode(left),
            over.encodeAll(((Project) uncollect.getInput()).getProjects()),
            outer,
            uncollect);
    List<Expr> elements = elements(uncollect, width);
    List<Expr> output = new ArrayList<>();
    for (int i = 0; i < width; i++) {
      output.add(RexEncoder.column(i));
    }
    output.addAll(elements);
    rel = RelEncoder.project(rel, output);
    int elementWidth = elements.size();
    for (RelNode node : above) {
      RexEncoder shifted = new RexEncoder(rex, i -> i + width, width + elementWidth);
      if (node instanceof Filter filter) {
        rel =
            Rel.newBuilder()
                .setFilter(
                    dev.kelda.planner.proto.Filter.newBuilder()
                        .setInput(rel)
                        .setCondition(shifted.encode(filter.getCondition())))
                .build();
      } else {
        List<Expr> columns = new ArrayList<>();
        IntStream.range(0, width).forEach(i -> columns.add(RexEncoder.column(i)));
        columns.addAll(shifted.encodeAll(((Project) node).getProjects()));
        elementWidth = columns.size() - width;
        rel = RelEncoder.project(rel, columns);
      }
    }
    return rel;
  }

  private static Rel unnest(Rel input, List<Expr> collections, boolean outer, Uncollect uncollect) {
    return Rel.newBuilder()
        .setUnnest(
            Unnest.newBuilder()
                .setInput(input)
                .addAllCollections(collections)
                .setOuter(outer)
                .setWithOrdinality(uncollect.withOrdinality))
        .build();
  }

  /** Calcite's output row: the fields of a collection of rows stand side by side. */
  private static List<Expr> elements(Uncollect uncollect, int offset) {
    List<Expr> output = new ArrayList<>();
    int column = offset;
    for (var field : uncollect.getInput().getRowType().getFieldList()) {
      RelDataType element = field.getType().getComponentType();
      if (element == null) {
        throw RexEncoder.unsupported("UNNEST of " + field.getType());
      }
      Expr value = RexEncoder.column(column++);
      if (element.isStruct()) {
        for (int i = 0; i < element.getFieldCount(); i++) {
          output.add(
              Expr.newBuilder()
                  .setFieldAccess(FieldAccess.newBuilder().setInput(value).setOrdinal(i))
                  .build());
        }
      } else {
        output.add(value);
      }
    }
    if (uncollect.withOrdinality) {
      output.add(RexEncoder.column(column));
    }
    return output;
  }
}
