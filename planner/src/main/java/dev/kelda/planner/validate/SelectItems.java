package dev.kelda.planner.validate;

import java.util.List;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlNumericLiteral;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlStarExclude;
import org.apache.calcite.sql.SqlStarReplace;

/** What ordinals and aliases of a select list mean where only expressions may stand. */
final class SelectItems {
  private SelectItems() {}

  static SqlNode expression(SqlNode item) {
    return item.getKind() == SqlKind.AS ? ((SqlCall) item).operand(0) : item;
  }

  static boolean isStar(SqlNode item) {
    return item instanceof SqlIdentifier name && name.isStar()
        || item instanceof SqlStarExclude
        || item instanceof SqlStarReplace;
  }

  /** Copies of the nodes; ordinals and aliases are the expressions of their items. */
  static List<SqlNode> resolved(SqlSelect select, SqlNodeList nodes) {
    return nodes.stream().map(node -> resolved(select, node)).toList();
  }

  private static SqlNode resolved(SqlSelect select, SqlNode node) {
    return switch (node.getKind()) {
      case DESCENDING, NULLS_FIRST, NULLS_LAST -> {
        SqlCall sort = (SqlCall) node;
        yield sort.getOperator()
            .createCall(sort.getParserPosition(), resolved(select, (SqlNode) sort.operand(0)));
      }
      default -> RelationArguments.copy(meant(select.getSelectList(), node));
    };
  }

  private static SqlNode meant(SqlNodeList items, SqlNode node) {
    if (node instanceof SqlNumericLiteral ordinal && ordinal.isInteger()) {
      int index = ordinal.intValue(true) - 1;
      return index >= 0 && index < items.size() ? expression(items.get(index)) : node;
    }
    if (node instanceof SqlIdentifier name && name.isSimple()) {
      for (SqlNode item : items) {
        if (item.getKind() == SqlKind.AS
            && ((SqlIdentifier) ((SqlCall) item).operand(1))
                .getSimple()
                .equalsIgnoreCase(name.getSimple())) {
          return expression(item);
        }
      }
    }
    return node;
  }
}
