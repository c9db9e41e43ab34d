package dev.kelda.planner.validate;

import java.util.List;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelectKeyword;
import org.apache.calcite.sql.fun.SqlCase;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * {@code COUNT(DISTINCT a, b)} becomes {@code COUNT(DISTINCT CASE WHEN a IS NOT NULL AND b IS NOT
 * NULL THEN ROW(a, b) END)}: a row with a NULL does not count.
 */
final class DistinctCounts {
  private DistinctCounts() {}

  /** The call itself unless it is such a count. */
  static SqlNode expand(SqlNode node) {
    if (!(node instanceof SqlCall call)
        || !call.getOperator().getName().equalsIgnoreCase("COUNT")
        || call.operandCount() < 2
        || call.getFunctionQuantifier() == null
        || call.getFunctionQuantifier().getValue() != SqlSelectKeyword.DISTINCT) {
      return node;
    }
    SqlParserPos position = call.getParserPosition();
    List<SqlNode> values = call.getOperandList();
    SqlNode present =
        values.stream()
            .map(v -> (SqlNode) SqlStdOperatorTable.IS_NOT_NULL.createCall(position, v))
            .reduce((a, b) -> SqlStdOperatorTable.AND.createCall(position, a, b))
            .orElseThrow();
    SqlNode row = SqlStdOperatorTable.ROW.createCall(position, values);
    SqlNode value =
        new SqlCase(
            position,
            null,
            SqlNodeList.of(present),
            SqlNodeList.of(row),
            SqlLiteral.createNull(position));
    return call.getOperator().createCall(call.getFunctionQuantifier(), position, value);
  }
}
