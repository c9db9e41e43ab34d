package dev.kelda.parser;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.SqlSpecialOperator;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * {@code SELECT DISTINCT ON (a, b)}: stands as the select's QUALIFY until the planner replaces it,
 * before validation, by the number of the row among those with equal {@code a, b}, in the order of
 * the query.
 */
public final class SqlDistinctOn extends SqlCall {
  private static final SqlOperator OPERATOR = new Operator();

  private final SqlNodeList keys;

  public SqlDistinctOn(SqlNodeList keys) {
    super(keys.getParserPosition());
    this.keys = keys;
  }

  /** The keys of a select that has this clause. */
  public static Optional<SqlNodeList> of(SqlSelect select) {
    return select.getQualify() instanceof SqlDistinctOn on
        ? Optional.of(on.keys)
        : Optional.empty();
  }

  @Override
  public SqlOperator getOperator() {
    return OPERATOR;
  }

  @Override
  public List<SqlNode> getOperandList() {
    return List.of(keys);
  }

  private static final class Operator extends SqlSpecialOperator {
    Operator() {
      super("DISTINCT ON", SqlKind.OTHER);
    }

    @Override
    public SqlCall createCall(
        SqlLiteral functionQualifier, SqlParserPos position, SqlNode... operands) {
      return new SqlDistinctOn((SqlNodeList) operands[0]);
    }

    @Override
    public void unparse(SqlWriter writer, SqlCall call, int leftPrec, int rightPrec) {
      writer.keyword("DISTINCT ON");
      call.operand(0).unparse(writer, 0, 0);
    }
  }
}
