package dev.kelda.planner.validate;

import java.util.List;
import java.util.Map;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlUnknownLiteral;
import org.apache.calcite.sql.type.SqlTypeName;

/**
 * Gives {@code DATE '…'}, {@code TIME '…'} and {@code TIMESTAMP '…'} their types. Calcite's
 * validator does so too, but not in the copy that {@code GROUP BY 1} makes of a select item.
 */
final class DateLiterals {
  private static final Map<String, SqlTypeName> TYPES =
      Map.of(
          "DATE", SqlTypeName.DATE, "TIME", SqlTypeName.TIME, "TIMESTAMP", SqlTypeName.TIMESTAMP);

  private DateLiterals() {}

  /** Replaces the literals that stand directly in this node. */
  static void resolve(SqlNode node) {
    if (node instanceof SqlNodeList list) {
      for (int i = 0; i < list.size(); i++) {
        if (isUntyped(list.get(i))) {
          list.set(i, typed(list.get(i)));
        }
      }
    } else if (node instanceof SqlCall call) {
      List<SqlNode> operands = call.getOperandList();
      for (int i = 0; i < operands.size(); i++) {
        if (isUntyped(operands.get(i))) {
          call.setOperand(i, typed(operands.get(i)));
        }
      }
    }
  }

  private static boolean isUntyped(SqlNode node) {
    return node instanceof SqlUnknownLiteral literal && TYPES.containsKey(literal.tag);
  }

  private static SqlNode typed(SqlNode node) {
    SqlUnknownLiteral literal = (SqlUnknownLiteral) node;
    return literal.resolve(TYPES.get(literal.tag));
  }
}
