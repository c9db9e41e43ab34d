package dev.kelda.planner.validate;

import dev.kelda.parser.SqlGroupByAll;
import dev.kelda.spi.error.ErrorCode;
import org.apache.calcite.sql.SqlBasicCall;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlOrderBy;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlWith;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;

/** {@code ORDER BY ALL [DESC]}: by every column of the result, from left to right. */
final class OrderByAll {
  private OrderByAll() {}

  /** The same order unless it says ALL. */
  static SqlNode expand(SqlNode node) {
    if (!(node instanceof SqlOrderBy order) || order.orderList.size() != 1) {
      return node;
    }
    SqlNode key = order.orderList.get(0);
    boolean descending = key.getKind() == SqlKind.DESCENDING;
    SqlNode all = descending ? ((SqlCall) key).operand(0) : key;
    if (!(all instanceof SqlGroupByAll)) {
      return node;
    }
    SqlNodeList keys = new SqlNodeList(key.getParserPosition());
    for (int i = 1; i <= columns(order.query); i++) {
      SqlNode ordinal = SqlLiteral.createExactNumeric(Integer.toString(i), key.getParserPosition());
      keys.add(
          descending
              ? SqlStdOperatorTable.DESC.createCall(key.getParserPosition(), ordinal)
              : ordinal);
    }
    return new SqlOrderBy(order.getParserPosition(), order.query, keys, order.offset, order.fetch);
  }

  private static int columns(SqlNode query) {
    return switch (query) {
      case SqlSelect select -> {
        for (SqlNode item : select.getSelectList()) {
          if (SelectItems.isStar(item)) {
            throw ValidationErrors.at(
                ErrorCode.NOT_SUPPORTED,
                "ORDER BY ALL cannot stand with *; name the columns",
                item);
          }
        }
        yield select.getSelectList().size();
      }
      case SqlWith with -> columns(with.body);
      case SqlOrderBy inner -> columns(inner.query);
      case SqlBasicCall call when call.getKind() == SqlKind.VALUES ->
          ((SqlCall) call.operand(0)).operandCount();
      case SqlBasicCall call when call.isA(SqlKind.SET_QUERY) -> columns(call.operand(0));
      default ->
          throw ValidationErrors.at(
              ErrorCode.NOT_SUPPORTED, "ORDER BY ALL cannot stand here; name the columns", query);
    };
  }
}
