package dev.kelda.parser;

import java.util.List;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlSpecialOperator;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * {@code GROUP BY ALL}: the only element of its select's group list. The planner replaces it,
 * before validation, by every item of the select list that holds no aggregate function (which of
 * them do, only the function registry knows).
 */
public final class SqlGroupByAll extends SqlCall {
  private static final SqlOperator OPERATOR = new Operator();

  private SqlGroupByAll(SqlParserPos position) {
    super(position);
  }

  /** A group list that says ALL. */
  public static SqlNodeList list(SqlParserPos position) {
    return new SqlNodeList(List.of(new SqlGroupByAll(position)), position);
  }

  /**
   * @param groupBy the group list of a select; null when it has none
   */
  public static boolean isAll(SqlNodeList groupBy) {
    return groupBy != null && groupBy.size() == 1 && groupBy.get(0) instanceof SqlGroupByAll;
  }

  @Override
  public SqlOperator getOperator() {
    return OPERATOR;
  }

  @Override
  public List<SqlNode> getOperandList() {
    return List.of();
  }

  private static final class Operator extends SqlSpecialOperator {
    Operator() {
      super("GROUP BY ALL", SqlKind.OTHER);
    }

    @Override
    public SqlCall createCall(
        SqlLiteral functionQualifier, SqlParserPos position, SqlNode... operands) {
      return new SqlGroupByAll(position);
    }

    @Override
    public void unparse(SqlWriter writer, SqlCall call, int leftPrec, int rightPrec) {
      writer.keyword("ALL");
    }
  }
}
