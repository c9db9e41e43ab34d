package dev.kelda.planner.decorrelate;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.plan.Strong;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.AggregateCall;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rel.logical.LogicalAggregate;
import org.apache.calcite.rel.logical.LogicalCorrelate;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.util.ImmutableBitSet;

/**
 * A correlated join as a join, in the first of these ways that fits: its right side's projections
 * and filters after a plain join; its right side's total aggregates per group, with what they are
 * of no rows; its right side for all outer rows at once.
 *
 * @param outer the left side without correlated joins
 */
record CorrelatedJoin(LogicalCorrelate correlate, OuterRow outer) {

  /** With the columns of the correlated join. */
  RelNode joined() {
    RelNode rel = afterwards().or(this::aggregated).orElseGet(this::unnested);
    return RelOptUtil.createCastRel(rel, correlate.getRowType(), true);
  }

  private boolean inner() {
    return correlate.getJoinType() == JoinRelType.INNER;
  }

  private Optional<RelNode> afterwards() {
    Deque<RelNode> above = new ArrayDeque<>();
    RelNode base = correlate.getRight();
    while (base instanceof LogicalFilter || isPlain(base)) {
      above.push(base);
      base = base.getInput(0);
    }
    boolean unnest = Decorrelator.isUnnest(base);
    if (!unnest && outer.isUsedIn(base)) {
      return Optional.empty();
    }
    RexNode condition = rex().makeLiteral(true);
    boolean filtered = above.stream().anyMatch(LogicalFilter.class::isInstance);
    boolean always = inner() || isOneRow(base) && !filtered;
    if (!always) {
      List<RexNode> first = new ArrayList<>();
      while (!unnest && above.peek() instanceof LogicalFilter filter) {
        first.add(filter.getCondition().accept(new Beside(outer.rel(), base)));
        above.pop();
      }
      if (!above.stream().allMatch(CorrelatedJoin::isNullOfNulls)) {
        return Optional.empty();
      }
      condition = RexUtil.composeConjunction(rex(), first);
    }
    RelNode joined =
        unnest
            ? correlate.copy(
                correlate.getTraitSet(),
                outer.rel(),
                base,
                correlate.getCorrelationId(),
                outer.fields(base),
                correlate.getJoinType())
            : join(
                Decorrelator.decorrelate(base),
                condition,
                always ? JoinRelType.INNER : JoinRelType.LEFT);
    return Optional.of(apply(above, joined));
  }

  private static boolean isPlain(RelNode rel) {
    return rel instanceof LogicalProject project
        && !RexOver.containsOver(project.getProjects(), null);
  }

  private static boolean isOneRow(RelNode base) {
    return base instanceof Values values && values.getTuples().size() == 1
        || base instanceof LogicalAggregate aggregate && isTotal(aggregate);
  }

  private static boolean isTotal(LogicalAggregate aggregate) {
    return aggregate.getGroupSets().equals(List.of(ImmutableBitSet.of()));
  }

  /** Whether a projection's columns are NULL for a row of NULLs. */
  private static boolean isNullOfNulls(RelNode rel) {
    return rel instanceof LogicalProject project
        && project.getProjects().stream()
            .allMatch(e -> Strong.isNull(e, ImmutableBitSet.range(width(project.getInput()))));
  }

  private Optional<RelNode> aggregated() {
    Deque<RelNode> above = new ArrayDeque<>();
    RelNode base = correlate.getRight();
    while (isPlain(base)) {
      above.push(base);
      base = base.getInput(0);
    }
    if (!(base instanceof LogicalAggregate aggregate)
        || !isTotal(aggregate)
        || !aggregate.getAggCallList().stream().allMatch(CorrelatedJoin::isKnownOfNoRows)) {
      return Optional.empty();
    }
    Unnesting unnesting = new Unnesting(outer);
    Unnested rows = unnesting.of(aggregate.getInput(), ImmutableBitSet.of());
    Unnested groups = unnesting.grouped(aggregate, rows);
    int left = width(outer.rel());
    RelNode joined = join(groups, JoinRelType.LEFT);
    List<RexNode> columns = first(left, joined);
    for (AggregateCall call : aggregate.getAggCallList()) {
      RexNode value = rex().makeInputRef(joined, columns.size());
      columns.add(isZeroOfNoRows(call) ? orZero(value) : value);
    }
    RelNode values =
        LogicalProject.create(joined, List.of(), columns, (List<String>) null, Set.of());
    return Optional.of(apply(above, values));
  }

  private static boolean isZeroOfNoRows(AggregateCall call) {
    return !call.getType().isNullable();
  }

  /** What is never NULL is a number of rows or groups, save for constants. */
  private static boolean isKnownOfNoRows(AggregateCall call) {
    return !isZeroOfNoRows(call)
        || SqlTypeUtil.isExactNumeric(call.getType()) && call.rexList.isEmpty();
  }

  private RexNode orZero(RexNode count) {
    RexNode zero = rex().makeZeroLiteral(count.getType());
    return rex()
        .makeCall(
            SqlStdOperatorTable.CASE,
            rex().makeCall(SqlStdOperatorTable.IS_NOT_NULL, count),
            rex().makeNotNull(count),
            zero);
  }

  private RelNode unnested() {
    Unnested right = new Unnesting(outer).of(correlate.getRight(), ImmutableBitSet.of());
    RelNode joined = join(right, correlate.getJoinType());
    List<RexNode> columns = first(width(correlate), joined);
    return LogicalProject.create(joined, List.of(), columns, (List<String>) null, Set.of());
  }

  private RelNode join(Unnested right, JoinRelType type) {
    RelNode left = outer.rel();
    List<RexNode> conditions = right.isOf(f -> rex().makeInputRef(left, f), width(left));
    return join(right.rel(), RexUtil.composeConjunction(rex(), conditions), type);
  }

  private RelNode join(RelNode right, RexNode condition, JoinRelType type) {
    return LogicalJoin.create(outer.rel(), right, List.of(), condition, Set.of(), type);
  }

  /** Projections and filters of the right side, over rows that begin with the left side's. */
  private RelNode apply(Deque<RelNode> above, RelNode rows) {
    int left = width(outer.rel());
    RelNode rel = rows;
    for (RelNode next : above) {
      Beside beside = new Beside(rel);
      if (next instanceof LogicalFilter filter) {
        rel = LogicalFilter.create(rel, filter.getCondition().accept(beside));
      } else {
        List<RexNode> columns = first(left, rel);
        columns.addAll(beside.apply(((LogicalProject) next).getProjects()));
        rel = LogicalProject.create(rel, List.of(), columns, (List<String>) null, Set.of());
      }
    }
    return rel;
  }

  private List<RexNode> first(int count, RelNode of) {
    return new ArrayList<>(rex().identityProjects(of.getRowType()).subList(0, count));
  }

  private RexBuilder rex() {
    return correlate.getCluster().getRexBuilder();
  }

  private static int width(RelNode rel) {
    return rel.getRowType().getFieldCount();
  }

  /** Expressions over the right side and the outer row, over both side by side. */
  private final class Beside extends RexShuttle {
    private final List<RelDataTypeField> columns = new ArrayList<>();

    Beside(RelNode... sides) {
      for (RelNode side : sides) {
        columns.addAll(side.getRowType().getFieldList());
      }
    }

    private RexNode ref(int column) {
      return new RexInputRef(column, columns.get(column).getType());
    }

    @Override
    public RexNode visitInputRef(RexInputRef input) {
      return ref(width(outer.rel()) + input.getIndex());
    }

    @Override
    public RexNode visitFieldAccess(RexFieldAccess access) {
      int field = outer.field(access);
      return field < 0 ? super.visitFieldAccess(access) : ref(field);
    }
  }
}
