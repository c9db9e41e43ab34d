package dev.kelda.planner.validate;

import dev.kelda.spi.error.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.sql.JoinConditionType;
import org.apache.calcite.sql.JoinType;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlJoin;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlStarExclude;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.util.SqlShuttle;

/**
 * {@code SELECT id, UNNEST(list) FROM t} is {@code SELECT id, u FROM t, UNNEST(list) AS x (u)}: a
 * row for each element, none for an empty list; several side by side, the shorter ones filled up
 * with NULLs.
 */
final class SelectUnnest {
  private static final String NAME = "UNNEST";

  private final List<SqlNode> collections = new ArrayList<>();
  private final List<SqlNode> columns = new ArrayList<>();

  private SelectUnnest() {}

  static void expand(SqlSelect select) {
    SelectUnnest found = new SelectUnnest();
    SqlNodeList items = select.getSelectList();
    List<SqlNode> replaced = items.stream().map(found::replace).toList();
    if (found.collections.isEmpty()) {
      return;
    }
    SqlParserPos position = select.getParserPosition();
    if (GroupByAll.isGrouped(select) || select.getQualify() != null) {
      throw ValidationErrors.at(
          ErrorCode.NOT_SUPPORTED,
          "UNNEST in the select list beside aggregates and windows; move it into FROM",
          found.collections.getFirst());
    }
    for (int i = 0; i < items.size(); i++) {
      items.set(i, found.withoutColumns(replaced.get(i)));
    }
    List<SqlNode> as = new ArrayList<>();
    as.add(SqlStdOperatorTable.UNNEST.createCall(position, found.collections));
    as.add(new SqlIdentifier("$unnest", position));
    as.addAll(found.columns);
    SqlNode unnested = SqlStdOperatorTable.AS.createCall(position, as);
    select.setFrom(
        select.getFrom() == null ? unnested : beside(select.getFrom(), unnested, position));
  }

  private static SqlNode beside(SqlNode from, SqlNode unnested, SqlParserPos position) {
    return new SqlJoin(
        position,
        from,
        SqlLiteral.createBoolean(false, position),
        JoinType.COMMA.symbol(position),
        unnested,
        JoinConditionType.NONE.symbol(position),
        null);
  }

  private SqlNode replace(SqlNode item) {
    return item.accept(
        new SqlShuttle() {
          @Override
          public SqlNode visit(SqlCall call) {
            if (call.isA(SqlKind.QUERY)) {
              return call;
            }
            return call.getOperator().getName().equalsIgnoreCase(NAME) && call.operandCount() == 1
                ? column(call)
                : super.visit(call);
          }
        });
  }

  private SqlNode column(SqlCall unnest) {
    SqlIdentifier name =
        new SqlIdentifier("$element" + collections.size(), unnest.getParserPosition());
    collections.add(unnest.operand(0));
    columns.add(name);
    return name.clone(name.getParserPosition());
  }

  /** A star does not see the elements. */
  private SqlNode withoutColumns(SqlNode item) {
    return item instanceof SqlIdentifier star && star.isStar() && star.names.size() == 1
        ? new SqlStarExclude(
            item.getParserPosition(), star, new SqlNodeList(columns, item.getParserPosition()))
        : item;
  }
}
