package dev.kelda.planner.validate;

import dev.kelda.parser.SqlDistinctOn;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlWindow;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * {@code SELECT DISTINCT ON (k) … ORDER BY k, x} is {@code SELECT … QUALIFY ROW_NUMBER() OVER
 * (PARTITION BY k ORDER BY k, x) = 1 ORDER BY k, x}.
 */
final class DistinctOn {
  private DistinctOn() {}

  /**
   * @param order of the query; empty when it has none
   */
  static void expand(SqlSelect select, SqlNodeList order) {
    SqlDistinctOn.of(select)
        .ifPresent(
            keys ->
                select.setQualify(
                    first(
                        SelectItems.resolved(select, keys),
                        SelectItems.resolved(select, order),
                        keys.getParserPosition())));
  }

  private static SqlNode first(List<SqlNode> keys, List<SqlNode> order, SqlParserPos position) {
    SqlWindow window =
        SqlWindow.create(
            null,
            null,
            new SqlNodeList(new ArrayList<>(keys), position),
            new SqlNodeList(new ArrayList<>(order), position),
            SqlLiteral.createBoolean(false, position),
            null,
            null,
            null,
            SqlWindow.createExcludeNoOthers(position),
            position);
    SqlNode number =
        SqlStdOperatorTable.OVER.createCall(
            position, SqlStdOperatorTable.ROW_NUMBER.createCall(position), window);
    return SqlStdOperatorTable.EQUALS.createCall(
        position, number, SqlLiteral.createExactNumeric("1", position));
  }
}
