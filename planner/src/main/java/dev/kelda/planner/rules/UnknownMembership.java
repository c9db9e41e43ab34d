package dev.kelda.planner.rules;

import com.google.common.collect.ImmutableSet;
import dev.kelda.planner.decorrelate.PlanSize;
import dev.kelda.planner.decorrelate.TotalAggregates;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelHomogeneousShuttle;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.logical.LogicalUnion;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeName;

/**
 * {@code x IN (…)} whose answer may be NULL, where NULL is not the same as FALSE, of several
 * columns or of a correlated sub-query: Calcite counts NULLs per column and over all outer rows. It
 * becomes the greatest of what the rows that may be equal say: 2 for an equal row, 1 for an unknown
 * one.
 */
final class UnknownMembership extends RelHomogeneousShuttle {
  private static final int EQUAL = 2;
  private static final int UNKNOWN = 1;

  static RelNode exact(RelNode rel) {
    return rel.accept(new UnknownMembership());
  }

  @Override
  public RelNode visit(RelNode other) {
    RelNode rel = super.visit(other).accept(new OfSubQueries());
    return switch (rel) {
      case LogicalFilter filter -> of(filter);
      case LogicalProject project -> of(project);
      default -> rel;
    };
  }

  private static final class OfSubQueries extends RexShuttle {
    @Override
    public RexNode visitSubQuery(RexSubQuery query) {
      RelNode rel = exact(query.rel);
      RexNode visited = super.visitSubQuery(query);
      return rel == query.rel ? visited : ((RexSubQuery) visited).clone(rel);
    }
  }

  private static RelNode of(LogicalFilter filter) {
    Rewriter rewriter = new Rewriter(filter, filter.getInput());
    RexNode condition = rewriter.whereFalse(filter.getCondition());
    return condition.equals(filter.getCondition())
        ? filter
        : LogicalFilter.create(filter.getInput(), condition, ImmutableSet.of(rewriter.variable));
  }

  private static RelNode of(LogicalProject project) {
    Rewriter rewriter = new Rewriter(project, project.getInput());
    List<RexNode> projects = rewriter.apply(project.getProjects());
    return projects.equals(project.getProjects())
        ? project
        : LogicalProject.create(
            project.getInput(),
            project.getHints(),
            projects,
            project.getRowType(),
            Set.of(rewriter.variable));
  }

  private static final class Rewriter extends RexShuttle {
    private final RelNode input;
    private final RexBuilder rex;
    private final CorrelationId variable;

    Rewriter(RelNode node, RelNode input) {
      this.input = input;
      this.rex = node.getCluster().getRexBuilder();
      this.variable =
          node.getVariablesSet().stream().findFirst().orElseGet(node.getCluster()::createCorrel);
    }

    /** Where NULL is as good as FALSE, Calcite is right. */
    RexNode whereFalse(RexNode condition) {
      return switch (condition) {
        case RexCall call when call.isA(SqlKind.AND) || call.isA(SqlKind.OR) ->
            call.clone(call.getType(), call.getOperands().stream().map(this::whereFalse).toList());
        case RexSubQuery query -> query;
        default -> condition.accept(this);
      };
    }

    @Override
    public RexNode visitSubQuery(RexSubQuery query) {
      boolean several = query.getOperands().size() > 1;
      boolean fits =
          query.getKind() == SqlKind.IN
              && (several || !RelOptUtil.getVariablesUsed(query.rel).isEmpty())
              && query.getOperands().stream()
                  .noneMatch(o -> RexUtil.SubQueryFinder.find(o) != null);
      return fits && query.getType().isNullable() ? membership(query) : query;
    }

    private RexNode membership(RexSubQuery query) {
      PlanSize.requireSmall(query.rel);
      List<RexNode> mine = new ArrayList<>();
      query.getOperands().forEach(o -> mine.add(outward(o)));
      List<RexNode> theirs = new ArrayList<>();
      for (int i = 0; i < mine.size(); i++) {
        theirs.add(rex.makeInputRef(query.rel, i));
      }
      List<RexNode> same = new ArrayList<>();
      for (int i = 0; i < mine.size(); i++) {
        same.add(
            RexUtil.isNullLiteral(mine.get(i), true)
                ? rex.makeNullLiteral(query.getType())
                : call(SqlStdOperatorTable.EQUALS, mine.get(i), theirs.get(i)));
      }
      RexNode equal = RexUtil.composeConjunction(rex, same);
      RexNode unknown = call(SqlStdOperatorTable.IS_NULL, equal);
      List<RelNode> branches = new ArrayList<>();
      if (same.stream().noneMatch(RexUtil::isNull)) {
        branches.add(branch(query.rel, equal, EQUAL));
      }
      for (List<RexNode> side : List.of(mine, theirs)) {
        if (side.stream().anyMatch(o -> o.getType().isNullable())) {
          RexNode some = any(side.stream().map(o -> call(SqlStdOperatorTable.IS_NULL, o)));
          branches.add(branch(query.rel, call(SqlStdOperatorTable.AND, some, unknown), UNKNOWN));
        }
      }
      RelNode all =
          branches.size() == 1 ? branches.getFirst() : LogicalUnion.create(branches, true);
      RelNode greatest =
          TotalAggregates.of(
              all, List.of(TotalAggregates.call(SqlStdOperatorTable.MAX, List.of(0), all)));
      RexNode found = rex.makeInputRef(greatest, 0);
      RelDataType type = query.getType();
      RexNode answer =
          rex.makeCall(
              type,
              SqlStdOperatorTable.CASE,
              List.of(
                  call(SqlStdOperatorTable.EQUALS, found, number(EQUAL)),
                  rex.makeLiteral(true),
                  call(SqlStdOperatorTable.EQUALS, found, number(UNKNOWN)),
                  rex.makeNullLiteral(type),
                  rex.makeLiteral(false)));
      return RexSubQuery.scalar(
          LogicalProject.create(
              greatest, List.of(), List.of(answer), (List<String>) null, Set.of()));
    }

    /** Over the sub-query's rows: what looks at the outer row does so by the variable. */
    private RexNode outward(RexNode operand) {
      RexNode row = rex.makeCorrel(input.getRowType(), variable);
      return operand.accept(
          new RexShuttle() {
            @Override
            public RexNode visitInputRef(RexInputRef ref) {
              return rex.makeFieldAccess(row, ref.getIndex());
            }
          });
    }

    private RelNode branch(RelNode rows, RexNode condition, int answer) {
      return LogicalProject.create(
          LogicalFilter.create(rows, condition),
          List.of(),
          List.of(number(answer)),
          (List<String>) null,
          Set.of());
    }

    private RexNode number(int value) {
      RelDataType integer = rex.getTypeFactory().createSqlType(SqlTypeName.INTEGER);
      return rex.makeLiteral(value, integer, false);
    }

    private RexNode any(Stream<RexNode> conditions) {
      return RexUtil.composeDisjunction(rex, conditions.toList());
    }

    private RexNode call(SqlOperator operator, RexNode... operands) {
      return rex.makeCall(operator, operands);
    }
  }
}
