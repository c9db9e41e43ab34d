package dev.kelda.planner.encode;

import dev.kelda.planner.proto.Expr;
import dev.kelda.planner.proto.Join;
import dev.kelda.planner.proto.PointInTimeJoin.Feature;
import dev.kelda.planner.proto.Rel;
import dev.kelda.planner.rules.PointInTimeJoin;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.util.ImmutableBitSet;

/** Joins, with the equalities between their sides apart from the rest of the condition. */
final class JoinEncoder {
  private final RelEncoder rels;

  JoinEncoder(RelEncoder rels) {
    this.rels = rels;
  }

  Rel encode(org.apache.calcite.rel.core.Join join) {
    Join.Builder to =
        Join.newBuilder()
            .setLeft(rels.encode(join.getLeft()))
            .setRight(rels.encode(join.getRight()))
            .setType(
                switch (join.getJoinType()) {
                  case INNER -> Join.Type.INNER;
                  case LEFT -> Join.Type.LEFT;
                  case RIGHT -> Join.Type.RIGHT;
                  case FULL -> Join.Type.FULL;
                  case SEMI -> Join.Type.SEMI;
                  case ANTI -> Join.Type.ANTI;
                  default -> throw RexEncoder.unsupported("a join of type " + join.getJoinType());
                });
    int left = join.getLeft().getRowType().getFieldCount();
    int width = left + join.getRight().getRowType().getFieldCount();
    List<RexNode> residual = new ArrayList<>();
    for (RexNode written : RelOptUtil.conjunctions(join.getCondition())) {
      RexNode conjunct = whole(written);
      if (!key(conjunct, left, to)) {
        residual.add(conjunct);
      }
    }
    if (!residual.isEmpty()) {
      to.setResidual(
          new RexEncoder(rels.rex(), IntUnaryOperator.identity(), width)
              .encode(RexUtil.composeConjunction(rels.rex(), residual)));
    }
    return Rel.newBuilder().setJoin(to).build();
  }

  /**
   * IS NOT DISTINCT FROM where Calcite has spelled it out, for a key is faster than a condition.
   */
  private RexNode whole(RexNode conjunct) {
    return conjunct.isA(SqlKind.OR)
        ? RelOptUtil.collapseExpandedIsNotDistinctFromExpr((RexCall) conjunct, rels.rex())
        : conjunct;
  }

  private boolean key(RexNode conjunct, int left, Join.Builder to) {
    boolean nullEqual = conjunct.isA(SqlKind.IS_NOT_DISTINCT_FROM);
    if (!nullEqual && !conjunct.isA(SqlKind.EQUALS)) {
      return false;
    }
    RexNode a = ((RexCall) conjunct).getOperands().get(0);
    RexNode b = ((RexCall) conjunct).getOperands().get(1);
    if (isOf(b, 0, left) && isOf(a, left, Integer.MAX_VALUE)) {
      RexNode swap = a;
      a = b;
      b = swap;
    } else if (!isOf(a, 0, left) || !isOf(b, left, Integer.MAX_VALUE)) {
      return false;
    }
    RelDataType type =
        RexEncoder.commonType(rels.rex().getTypeFactory(), List.of(a.getType(), b.getType()))
            .orElse(a.getType());
    to.addKeysBuilder()
        .setLeft(new RexEncoder(rels.rex(), IntUnaryOperator.identity(), left).encodeAs(a, type))
        .setRight(new RexEncoder(rels.rex(), i -> i - left, 0).encodeAs(b, type))
        .setNullEqual(nullEqual);
    return true;
  }

  private static boolean isOf(RexNode node, int from, int to) {
    ImmutableBitSet used = RelOptUtil.InputFinder.bits(node);
    return !used.isEmpty() && used.nextSetBit(0) >= from && used.length() <= to;
  }

  Rel encode(PointInTimeJoin join) {
    var to =
        dev.kelda.planner.proto.PointInTimeJoin.newBuilder()
            .setSpine(rels.encode(join.spine()))
            .setBuild(
                switch (join.build()) {
                  case SPINE -> dev.kelda.planner.proto.PointInTimeJoin.Build.SPINE;
                  case FEATURES -> dev.kelda.planner.proto.PointInTimeJoin.Build.FEATURES;
                });
    RexEncoder spine = rels.over(join.spine());
    for (PointInTimeJoin.Feature feature : join.features()) {
      RelNode input = feature.input();
      RexEncoder over = rels.over(input);
      Feature.Builder f =
          to.addFeaturesBuilder()
              .setInput(rels.encode(input))
              .setSpineTime(spine.encode(feature.spineTime()))
              .setFeatureTime(over.encode(feature.featureTime()))
              .setMatch(
                  switch (feature.match()) {
                    case GREATER_OR_EQUAL -> Feature.Match.GREATER_OR_EQUAL;
                    case GREATER -> Feature.Match.GREATER;
                    case LESS_OR_EQUAL -> Feature.Match.LESS_OR_EQUAL;
                    case LESS -> Feature.Match.LESS;
                  })
              .setToleranceExclusive(feature.toleranceExclusive())
              .setInner(feature.inner())
              .addAllOutput(feature.output());
      for (int i : IntStream.range(0, feature.spineKeys().size()).toArray()) {
        RelDataType type = feature.spineKeys().get(i).getType();
        Expr spineKey = spine.encode(feature.spineKeys().get(i));
        f.addSpineKeys(spineKey).addFeatureKeys(over.encodeAs(feature.featureKeys().get(i), type));
      }
      feature.knownAt().ifPresent(known -> f.setKnownAt(over.encode(known)));
      feature
          .tolerance()
          .ifPresent(t -> f.setTolerance(LiteralEncoder.expr(LiteralEncoder.bigint(t))));
    }
    return Rel.newBuilder().setPointInTimeJoin(to).build();
  }
}
