package dev.kelda.planner.decorrelate;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rel.logical.LogicalProject;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.util.ImmutableBitSet;

/**
 * A join within a sub-query: rows of both sides that are of the same outer row.
 *
 * @param left has the fields that the condition or the right side needs, save for RIGHT joins,
 *     where the right side has
 */
record JoinedSides(OuterRow outer, LogicalJoin join, Unnested left, Unnested right) {

  Unnested unnested() {
    RexBuilder rex = join.getCluster().getRexBuilder();
    int leftWidth = left.rel().getRowType().getFieldCount();
    ImmutableBitSet common = left.fields().intersect(right.fields());
    List<RexNode> conditions = new ArrayList<>();
    Unnested same = new Unnested(right.rel(), only(right.outer(), common), both(common));
    conditions.addAll(same.isOf(f -> left.ref(left.outer().get(f)), leftWidth));
    conditions.add(join.getCondition().accept(new OverBoth()));
    JoinRelType type = join.getJoinType();
    RelNode joined =
        LogicalJoin.create(
            left.rel(),
            right.rel(),
            List.of(),
            RexUtil.composeConjunction(rex, conditions),
            Set.of(),
            type);
    if (!type.projectsRight()) {
      return left.with(joined).project(join, i -> i);
    }
    int ofLeft = join.getLeft().getRowType().getFieldCount();
    List<RexNode> columns = new ArrayList<>();
    List<String> names = new ArrayList<>(join.getRowType().getFieldNames());
    for (int i = 0; i < names.size(); i++) {
      columns.add(rex.makeInputRef(joined, i < ofLeft ? i : leftWidth + i - ofLeft));
    }
    ImmutableBitSet fields = left.fields().union(right.fields());
    for (int field : fields) {
      columns.add(value(field, joined, leftWidth));
      names.add("$outer" + field);
    }
    RelNode project = LogicalProject.create(joined, List.of(), columns, names, Set.of());
    return Unnested.ofLast(project, fields, strict(type));
  }

  /** The outer row's value in a joined row. */
  private RexNode value(int field, RelNode joined, int leftWidth) {
    RexBuilder rex = join.getCluster().getRexBuilder();
    Integer l = left.outer().get(field);
    Integer r = right.outer().get(field);
    RexNode ofLeft = l == null ? null : rex.makeInputRef(joined, l);
    RexNode ofRight = r == null ? null : rex.makeInputRef(joined, leftWidth + r);
    return switch (join.getJoinType()) {
      case RIGHT -> ofRight;
      case FULL ->
          rex.makeCall(
              SqlStdOperatorTable.CASE,
              rex.makeCall(SqlStdOperatorTable.IS_NOT_NULL, ofLeft),
              ofLeft,
              ofRight);
      default -> ofLeft == null ? ofRight : ofLeft;
    };
  }

  private ImmutableBitSet strict(JoinRelType type) {
    return switch (type) {
      case LEFT -> left.strict();
      case RIGHT -> right.strict();
      case FULL -> left.strict().intersect(right.strict());
      default -> left.strict().union(right.strict());
    };
  }

  private ImmutableBitSet both(ImmutableBitSet common) {
    return left.strict().union(right.strict()).intersect(common);
  }

  private static SortedMap<Integer, Integer> only(
      SortedMap<Integer, Integer> columns, ImmutableBitSet fields) {
    SortedMap<Integer, Integer> some = new TreeMap<>(columns);
    some.keySet().retainAll(fields.asSet());
    return some;
  }

  /** The condition of the join within the sub-query, over the new sides. */
  private final class OverBoth extends RexShuttle {
    private final int ofLeft = join.getLeft().getRowType().getFieldCount();
    private final int leftWidth = left.rel().getRowType().getFieldCount();

    @Override
    public RexNode visitInputRef(RexInputRef input) {
      int i = input.getIndex();
      return i < ofLeft ? left.ref(i) : ofRight(i - ofLeft);
    }

    @Override
    public RexNode visitFieldAccess(RexFieldAccess access) {
      int field = outer.field(access);
      if (field < 0) {
        return super.visitFieldAccess(access);
      }
      Integer column = left.outer().get(field);
      return column != null ? left.ref(column) : ofRight(right.outer().get(field));
    }

    private RexNode ofRight(int column) {
      return new RexInputRef(leftWidth + column, right.ref(column).getType());
    }
  }
}
