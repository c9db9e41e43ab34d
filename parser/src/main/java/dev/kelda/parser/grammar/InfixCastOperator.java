package dev.kelda.parser.grammar;

import org.apache.calcite.sql.SqlBinaryOperator;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;

/** {@code x::type}: binds as tightly as in PostgreSQL and makes an ordinary CAST. */
final class InfixCastOperator extends SqlBinaryOperator {
  static final InfixCastOperator INSTANCE = new InfixCastOperator();
  private static final int PRECEDENCE = 94;

  private InfixCastOperator() {
    super("::", SqlKind.CAST, PRECEDENCE, true, null, null, null);
  }

  @Override
  public SqlCall createCall(SqlLiteral qualifier, SqlParserPos position, SqlNode... operands) {
    return SqlStdOperatorTable.CAST.createCall(position, operands);
  }
}
