package dev.kelda.planner.validate;

import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.fun.SqlCase;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * {@code f(x) FILTER (WHERE c) OVER w}, which Calcite refuses, becomes {@code f(CASE WHEN c THEN x
 * END) OVER w}: aggregates pass over NULLs.
 */
final class WindowFilters {
  private WindowFilters() {}

  static void expand(SqlCall over) {
    if (over.operand(0).getKind() != SqlKind.FILTER) {
      return;
    }
    SqlCall filter = over.operand(0);
    SqlCall aggregate = filter.operand(0);
    SqlNode condition = filter.operand(1);
    SqlParserPos position = aggregate.getParserPosition();
    for (int i = 0; i < Math.min(1, aggregate.operandCount()); i++) {
      SqlNode argument = aggregate.operand(i);
      boolean star = argument instanceof SqlIdentifier id && id.isStar();
      SqlNode value = star ? SqlLiteral.createExactNumeric("1", position) : argument;
      aggregate.setOperand(
          i,
          new SqlCase(
              position,
              null,
              SqlNodeList.of(condition),
              SqlNodeList.of(value),
              SqlLiteral.createNull(position)));
    }
    over.setOperand(0, aggregate);
  }
}
