package dev.kelda.planner.rules;

import com.google.common.collect.ImmutableSet;
import dev.kelda.planner.decorrelate.PlanSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalUnion;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.util.ImmutableBitSet;

/**
 * Sub-queries where Calcite cannot remove them move to where it can: from the arguments of window
 * functions to a projection below, and from join conditions that need both sides to filters.
 *
 * <pre>
 * a INNER JOIN b ON c  =  a, b WHERE c
 * a LEFT JOIN b ON c   =  a, b WHERE c  UNION ALL  a WHERE NOT EXISTS (b WHERE c)
 * </pre>
 */
final class SubQueryPlaces extends RelHomogeneousShuttle {
  static RelNode moved(RelNode rel) {
    return rel.accept(new SubQueryPlaces());
  }

  @Override
  public RelNode visit(RelNode other) {
    RelNode rel =
        super.visit(other)
            .accept(
                new RexShuttle() {
                  @Override
                  public RexNode visitSubQuery(RexSubQuery query) {
                    RelNode inner = moved(query.rel);
                    RexNode visited = super.visitSubQuery(query);
                    return inner == query.rel ? visited : ((RexSubQuery) visited).clone(inner);
                  }
                });
    return switch (rel) {
      case LogicalProject project when hasInWindow(project) -> belowWindows(project);
      case LogicalJoin join when RexUtil.SubQueryFinder.find(join.getCondition()) != null ->
          new Condition(join).moved();
      default -> rel;
    };
  }

  private static boolean hasInWindow(LogicalProject project) {
    boolean[] found = {false};
    new RexShuttle() {
      @Override
      public RexNode visitOver(RexOver over) {
        found[0] |= RexUtil.SubQueryFinder.find(List.of(over)) != null;
        return over;
      }
    }.apply(project.getProjects());
    return found[0];
  }

  private static RelNode belowWindows(LogicalProject project) {
    RelNode input = project.getInput();
    RexBuilder rex = project.getCluster().getRexBuilder();
    List<RexNode> below = new ArrayList<>(rex.identityProjects(input.getRowType()));
    RexShuttle queries =
        new RexShuttle() {
          @Override
          public RexNode visitSubQuery(RexSubQuery query) {
            below.add(query);
            return new RexInputRef(below.size() - 1, query.getType());
          }
        };
    List<RexNode> above = queries.apply(project.getProjects());
    RelNode computed =
        LogicalProject.create(
            input, List.of(), below, (List<String>) null, project.getVariablesSet());
    return LogicalProject.create(
        computed, project.getHints(), above, project.getRowType(), Set.of());
  }

  /** The condition of a join, with sub-queries. */
  private static final class Condition {
    private final LogicalJoin join;
    private final RelOptCluster cluster;
    private final RexBuilder rex;
    private final int leftWidth;
    private final int width;

    Condition(LogicalJoin join) {
      this.join = join;
      this.cluster = join.getCluster();
      this.rex = cluster.getRexBuilder();
      this.leftWidth = join.getLeft().getRowType().getFieldCount();
      this.width = leftWidth + join.getRight().getRowType().getFieldCount();
    }

    RelNode moved() {
      JoinRelType type = join.getJoinType();
      if (type == JoinRelType.INNER) {
        return matching();
      }
      if (!type.isOuterJoin() || !needsBothSides()) {
        return join;
      }
      PlanSize.requireSmall(join);
      List<RelNode> rows = new ArrayList<>();
      rows.add(RelOptUtil.createCastRel(matching(), join.getRowType(), false));
      if (type.generatesNullsOnRight()) {
        rows.add(unmatched(join.getLeft(), join.getRight(), 0));
      }
      if (type.generatesNullsOnLeft()) {
        rows.add(unmatched(join.getRight(), join.getLeft(), leftWidth));
      }
      return LogicalUnion.create(rows, true);
    }

    private RelNode matching() {
      List<RexNode> here = new ArrayList<>();
      List<RexNode> above = new ArrayList<>();
      for (RexNode conjunct : RelOptUtil.conjunctions(join.getCondition())) {
        (RexUtil.SubQueryFinder.find(conjunct) == null ? here : above).add(conjunct);
      }
      RelNode pairs =
          LogicalJoin.create(
              join.getLeft(),
              join.getRight(),
              join.getHints(),
              RexUtil.composeConjunction(rex, here),
              Set.of(),
              JoinRelType.INNER);
      return LogicalFilter.create(
          pairs,
          RexUtil.composeConjunction(rex, above),
          ImmutableSet.copyOf(join.getVariablesSet()));
    }

    /** Rows of one side for which no row of the other fulfils the condition, beside NULLs. */
    private RelNode unmatched(RelNode side, RelNode other, int offset) {
      CorrelationId ofSide = cluster.createCorrel();
      CorrelationId ofOther = cluster.createCorrel();
      int otherOffset = offset == 0 ? leftWidth : 0;
      int sideWidth = side.getRowType().getFieldCount();
      RexNode sideRow = rex.makeCorrel(side.getRowType(), ofSide);
      RexNode otherRow = rex.makeCorrel(other.getRowType(), ofOther);
      RexShuttle variables =
          new RexShuttle() {
            @Override
            public RexNode visitFieldAccess(RexFieldAccess access) {
              if (!isOfJoin(access)) {
                return super.visitFieldAccess(access);
              }
              int field = access.getField().getIndex();
              return field >= offset && field < offset + sideWidth
                  ? rex.makeFieldAccess(sideRow, field - offset)
                  : rex.makeFieldAccess(otherRow, field - otherOffset);
            }

            @Override
            public RexNode visitSubQuery(RexSubQuery query) {
              RexShuttle self = this;
              RelNode inner =
                  query.rel.accept(
                      new RelHomogeneousShuttle() {
                        @Override
                        public RelNode visit(RelNode node) {
                          return super.visit(node).accept(self);
                        }
                      });
              return ((RexSubQuery) super.visitSubQuery(query)).clone(inner);
            }
          };
      RexShuttle columns =
          new RexShuttle() {
            @Override
            public RexNode visitInputRef(RexInputRef ref) {
              int field = ref.getIndex();
              return field >= offset && field < offset + sideWidth
                  ? rex.makeFieldAccess(sideRow, field - offset)
                  : rex.makeInputRef(other, field - otherOffset);
            }
          };
      RexNode condition = join.getCondition().accept(variables).accept(columns);
      RelNode partners = LogicalFilter.create(other, condition, ImmutableSet.of(ofOther));
      RelNode alone =
          LogicalFilter.create(
              side,
              rex.makeCall(SqlStdOperatorTable.NOT, RexSubQuery.exists(partners)),
              ImmutableSet.of(ofSide));
      List<RexNode> output = new ArrayList<>();
      for (int i = 0; i < width; i++) {
        boolean own = i >= offset && i < offset + sideWidth;
        var type = join.getRowType().getFieldList().get(i).getType();
        output.add(
            own
                ? rex.ensureType(type, rex.makeInputRef(alone, i - offset), true)
                : rex.makeNullLiteral(type));
      }
      return LogicalProject.create(
          alone, List.of(), output, join.getRowType().getFieldNames(), Set.of());
    }

    /** Whether a sub-query looks at rows of both sides. */
    private boolean needsBothSides() {
      boolean[] both = {false};
      join.getCondition()
          .accept(
              new RexShuttle() {
                @Override
                public RexNode visitSubQuery(RexSubQuery query) {
                  ImmutableBitSet.Builder fields =
                      RelOptUtil.InputFinder.bits(query.getOperands(), null).rebuild();
                  query.rel.accept(new FieldFinder(fields));
                  ImmutableBitSet used = fields.build();
                  both[0] |=
                      used.intersects(ImmutableBitSet.range(leftWidth))
                          && used.intersects(ImmutableBitSet.range(leftWidth, width));
                  return query;
                }
              });
      return both[0];
    }

    private boolean isOfJoin(RexFieldAccess access) {
      return access.getReferenceExpr() instanceof RexCorrelVariable variable
          && join.getVariablesSet().contains(variable.id);
    }

    private final class FieldFinder extends RelHomogeneousShuttle {
      private final ImmutableBitSet.Builder fields;

      FieldFinder(ImmutableBitSet.Builder fields) {
        this.fields = fields;
      }

      @Override
      public RelNode visit(RelNode node) {
        node.accept(
            new RexShuttle() {
              @Override
              public RexNode visitFieldAccess(RexFieldAccess access) {
                if (isOfJoin(access)) {
                  fields.set(access.getField().getIndex());
                }
                return super.visitFieldAccess(access);
              }

              @Override
              public RexNode visitSubQuery(RexSubQuery query) {
                query.rel.accept(FieldFinder.this);
                return super.visitSubQuery(query);
              }
            });
        return super.visit(node);
      }
    }
  }
}
