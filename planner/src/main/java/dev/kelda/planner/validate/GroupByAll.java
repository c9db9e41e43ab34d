package dev.kelda.planner.validate;

import dev.kelda.parser.SqlGroupByAll;
import dev.kelda.planner.function.FunctionRegistry;
import dev.kelda.spi.error.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.sql.SqlAggFunction;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlSyntax;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.apache.calcite.sql.validate.SqlNameMatchers;

/** {@code GROUP BY ALL}: by every select item that holds no aggregate and no window function. */
final class GroupByAll {
  private GroupByAll() {}

  static void expand(SqlSelect select) {
    if (!SqlGroupByAll.isAll(select.getGroup())) {
      return;
    }
    List<SqlNode> keys = new ArrayList<>();
    for (SqlNode item : select.getSelectList()) {
      SqlNode expression = item.getKind() == SqlKind.AS ? ((SqlCall) item).operand(0) : item;
      if (expression instanceof SqlIdentifier id && id.isStar()) {
        throw ValidationErrors.at(
            ErrorCode.NOT_SUPPORTED, "GROUP BY ALL cannot stand with *; name the columns", item);
      }
      if (!aggregates(expression, true)) {
        keys.add(expression.clone(expression.getParserPosition()));
      }
    }
    select.setGroupBy(keys.isEmpty() ? null : new SqlNodeList(keys, SqlParserPos.ZERO));
  }

  /** Whether the select has groups, aggregates or windows. */
  static boolean isGrouped(SqlSelect select) {
    return select.getGroup() != null
        || select.getHaving() != null
        || select.getSelectList().stream().anyMatch(item -> aggregates(item, true));
  }

  /**
   * @param windows whether window functions count
   */
  static boolean aggregates(SqlNode node, boolean windows) {
    boolean[] found = {false};
    node.accept(
        new SqlBasicVisitor<Void>() {
          @Override
          public Void visit(SqlCall call) {
            boolean window = call.getKind() == SqlKind.OVER;
            if (call.isA(SqlKind.QUERY) || window && !windows) {
              return null;
            }
            found[0] |= window || isAggregate(call.getOperator());
            return super.visit(call);
          }
        });
    return found[0];
  }

  static boolean isAggregate(SqlOperator operator) {
    if (operator instanceof SqlAggFunction) {
      return true;
    }
    if (!(operator instanceof SqlFunction function)) {
      return false;
    }
    List<SqlOperator> found = new ArrayList<>();
    FunctionRegistry.load()
        .operators()
        .lookupOperatorOverloads(
            new SqlIdentifier(function.getName(), SqlParserPos.ZERO),
            null,
            SqlSyntax.FUNCTION,
            found,
            SqlNameMatchers.withCaseSensitive(false));
    return !found.isEmpty() && found.stream().allMatch(o -> o instanceof SqlAggFunction);
  }
}
