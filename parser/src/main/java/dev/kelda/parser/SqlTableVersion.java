package dev.kelda.parser;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlSpecialOperator;
import org.apache.calcite.sql.SqlWriter;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * {@code t FOR SYSTEM_VERSION AS OF n | 'tag'}: a table at a snapshot, tag or branch. Calcite does
 * not know this node; the planner replaces it by a table before validation. ({@code FOR SYSTEM_TIME
 * AS OF} is Calcite's own {@code SqlSnapshot}.)
 *
 * <p>Operands: 0 the table's name, 1 the version: a number, a character string or a parameter.
 */
public final class SqlTableVersion extends SqlCall {
  private static final SqlOperator OPERATOR = new Operator();

  private SqlNode table;
  private SqlNode version;

  public SqlTableVersion(SqlParserPos position, SqlNode table, SqlNode version) {
    super(position);
    this.table = requireNonNull(table, "table is null");
    this.version = requireNonNull(version, "version is null");
  }

  public SqlNode table() {
    return table;
  }

  public SqlNode version() {
    return version;
  }

  @Override
  public SqlOperator getOperator() {
    return OPERATOR;
  }

  @Override
  public List<SqlNode> getOperandList() {
    return List.of(table, version);
  }

  @Override
  public void setOperand(int i, SqlNode operand) {
    requireNonNull(operand, "operand is null");
    switch (i) {
      case 0 -> table = operand;
      case 1 -> version = operand;
      default -> throw new IndexOutOfBoundsException(i);
    }
  }

  private static final class Operator extends SqlSpecialOperator {
    private static final int PRECEDENCE = 2;

    Operator() {
      super("TABLE_VERSION", SqlKind.OTHER, PRECEDENCE);
    }

    @Override
    public SqlCall createCall(
        SqlLiteral functionQualifier, SqlParserPos position, SqlNode... operands) {
      return new SqlTableVersion(position, operands[0], operands[1]);
    }

    @Override
    public void unparse(SqlWriter writer, SqlCall call, int leftPrec, int rightPrec) {
      SqlTableVersion version = (SqlTableVersion) call;
      version.table.unparse(writer, leftPrec, getLeftPrec());
      writer.keyword("FOR SYSTEM_VERSION AS OF");
      version.version.unparse(writer, 0, 0);
    }
  }
}
