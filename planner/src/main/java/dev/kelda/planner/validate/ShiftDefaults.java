package dev.kelda.planner.validate;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.fun.SqlCase;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * The default of LAG and LEAD may be a value of the current row, which the engine's functions do
 * not take: {@code LAG(x, n, d) OVER w} becomes {@code CASE WHEN LAG(TRUE, n) OVER w IS NULL THEN d
 * ELSE LAG(x, n) OVER w END}; with IGNORE NULLS, {@code COALESCE(LAG(x, n) IGNORE NULLS OVER w,
 * d)}.
 */
final class ShiftDefaults {
  private static final Set<String> SHIFTS = Set.of("LAG", "LEAD");
  private static final int DEFAULT = 2;

  private ShiftDefaults() {}

  /** The call itself unless it is one with such a default. */
  static SqlNode expand(SqlCall over) {
    if (over.getKind() != SqlKind.OVER || !(over.operand(0) instanceof SqlCall function)) {
      return over;
    }
    boolean marked =
        function.getKind() == SqlKind.IGNORE_NULLS || function.getKind() == SqlKind.RESPECT_NULLS;
    SqlNode called = marked ? function.operand(0) : function;
    if (!(called instanceof SqlCall shift)
        || !SHIFTS.contains(shift.getOperator().getName().toUpperCase(Locale.ROOT))
        || shift.operandCount() != DEFAULT + 1
        || !TimelineJoins.readsColumns(shift.operand(DEFAULT))) {
      return over;
    }
    SqlParserPos position = over.getParserPosition();
    SqlNode otherwise = shift.operand(DEFAULT);
    SqlNode shifted = over(over, shift, shift.operand(0));
    if (function.getKind() == SqlKind.IGNORE_NULLS) {
      return SqlStdOperatorTable.COALESCE.createCall(position, shifted, otherwise);
    }
    SqlNode inside = over(over, shift, SqlLiteral.createBoolean(true, position));
    return new SqlCase(
        position,
        null,
        SqlNodeList.of(SqlStdOperatorTable.IS_NULL.createCall(position, inside)),
        SqlNodeList.of(otherwise),
        shifted);
  }

  /** The call without its default, of another value, over the same window. */
  private static SqlNode over(SqlCall over, SqlCall shift, SqlNode value) {
    List<SqlNode> operands = new ArrayList<>(shift.getOperandList().subList(0, DEFAULT));
    operands.set(0, value);
    SqlNode call = shift.getOperator().createCall(shift.getParserPosition(), operands);
    SqlCall marked = over.operand(0);
    if (marked != shift) { // by IGNORE NULLS or RESPECT NULLS
      call = marked.getOperator().createCall(marked.getParserPosition(), call);
    }
    return RelationArguments.copy(
        over.getOperator().createCall(over.getParserPosition(), call, over.operand(1)));
  }
}
