package dev.kelda.planner.validate;

import org.apache.calcite.sql.SqlCharStringLiteral;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.util.NlsString;

/**
 * The name of the user who asks, in the place of {@code CURRENT_USER}: another user's is another.
 */
public final class UserLiteral extends SqlCharStringLiteral {
  private final String call;

  private UserLiteral(NlsString user, String call, SqlParserPos position) {
    super(user, position);
    this.call = call;
  }

  static UserLiteral of(String user, String call, SqlParserPos position) {
    NlsString value = SqlLiteral.createCharString(user, position).getValueAs(NlsString.class);
    return new UserLiteral(value, call, position);
  }

  /** What was written. */
  public String call() {
    return call;
  }

  @Override
  public SqlCharStringLiteral clone(SqlParserPos position) {
    return new UserLiteral(getValueAs(NlsString.class), call, position);
  }
}
