package dev.kelda.planner.decorrelate;

import com.google.common.collect.ImmutableList;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.calcite.rel.RelCollation;
import org.apache.calcite.rel.RelFieldCollation;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexFieldCollation;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexWindow;
import org.apache.calcite.rex.RexWindowBounds;
import org.apache.calcite.sql.SqlAggFunction;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeName;

/** Windows see the rows of one outer row: its values are further partition keys. */
public final class Partitions extends RexShuttle {
  private final RexBuilder rex;
  private final List<RexNode> keys;

  Partitions(RexBuilder rex, List<RexNode> keys) {
    this.rex = rex;
    this.keys = keys;
  }

  @Override
  public RexNode visitOver(RexOver over) {
    List<RexNode> partitions = new ArrayList<>(over.getWindow().partitionKeys);
    partitions.addAll(keys);
    return over(rex, over, over.getType(), over.getAggOperator(), partitions);
  }

  /** A window function in the place of another, over the same order and frame. */
  public static RexNode over(
      RexBuilder rex,
      RexOver like,
      RelDataType type,
      SqlAggFunction function,
      List<RexNode> partitions) {
    RexWindow window = like.getWindow();
    return rex.makeOver(
        type,
        function,
        like.getOperands(),
        partitions,
        window.orderKeys,
        window.getLowerBound(),
        window.getUpperBound(),
        window.getExclude(),
        window.isRows(),
        true,
        false,
        like.isDistinct(),
        like.ignoreNulls());
  }

  /** The place of a row among those of its outer row, from 1. */
  static RexNode rowNumber(Unnested rows, RelCollation order) {
    RexBuilder rex = rows.rel().getCluster().getRexBuilder();
    List<RexFieldCollation> keys = new ArrayList<>();
    for (RelFieldCollation key : order.getFieldCollations()) {
      Set<SqlKind> flags = EnumSet.noneOf(SqlKind.class);
      if (key.direction.isDescending()) {
        flags.add(SqlKind.DESCENDING);
      }
      switch (key.nullDirection) {
        case FIRST -> flags.add(SqlKind.NULLS_FIRST);
        case LAST -> flags.add(SqlKind.NULLS_LAST);
        default -> {}
      }
      keys.add(new RexFieldCollation(rows.ref(key.getFieldIndex()), flags));
    }
    return rex.makeOver(
        rex.getTypeFactory().createSqlType(SqlTypeName.BIGINT),
        SqlStdOperatorTable.ROW_NUMBER,
        List.of(),
        rows.refs(rows.columns()),
        ImmutableList.copyOf(keys),
        RexWindowBounds.UNBOUNDED_PRECEDING,
        RexWindowBounds.CURRENT_ROW,
        true,
        true,
        false,
        false,
        false);
  }
}
