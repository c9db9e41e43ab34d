package dev.kelda.planner.validate;

import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;

/**
 * NULLs come last in the ORDER BY of aggregates too, also descending, where Calcite puts them
 * first.
 */
final class OrderedAggregates {
  private OrderedAggregates() {}

  static void expand(SqlCall call) {
    boolean ordered =
        call.getKind() == SqlKind.WITHIN_GROUP || call.getOperator() instanceof SqlFunction;
    if (!ordered) {
      return;
    }
    for (SqlNode operand : call.getOperandList()) {
      if (operand instanceof SqlNodeList keys) {
        keys.replaceAll(OrderedAggregates::nullsLast);
      }
    }
  }

  private static SqlNode nullsLast(SqlNode key) {
    return key.getKind() == SqlKind.DESCENDING
        ? SqlStdOperatorTable.NULLS_LAST.createCall(key.getParserPosition(), key)
        : key;
  }
}
