package dev.kelda.planner.validate;

import dev.kelda.planner.SessionContext;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlUnresolvedFunction;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.SqlTypeName;

/**
 * Calls that stand for something shorter or longer: who asks and where ({@code CURRENT_SCHEMA},
 * {@code CURRENT_DATABASE()}), {@code COUNT(DISTINCT a, b)}, {@code TRIM(a, b)}, {@code LIKE a
 * ESCAPE ''}, {@code LAG(x, 1, y)}.
 */
final class Abbreviations {
  private Abbreviations() {}

  /** The node itself unless it is one. */
  static SqlNode expand(SqlNode node, SessionContext session) {
    if (node instanceof SqlIdentifier name && name.isSimple() && !name.isComponentQuoted(0)) {
      return value(name.getSimple(), session, name.getParserPosition()).orElse(name);
    }
    if (!(node instanceof SqlCall call)) {
      return node;
    }
    SqlNode counted = DistinctCounts.expand(call);
    if (counted != call) {
      return counted;
    }
    SqlNode shifted = ShiftDefaults.expand(call);
    if (shifted != call) {
      return shifted;
    }
    if (call.getOperator() instanceof SqlUnresolvedFunction function
        && function.getName().equalsIgnoreCase("TRIM")) {
      return function("BTRIM", call.getParserPosition(), call.getOperandList());
    }
    if (call.getKind() == SqlKind.ARRAY_VALUE_CONSTRUCTOR && call.operandCount() == 0) {
      return KeldaOperators.EMPTY_ARRAY.createCall(call.getParserPosition());
    }
    if (call.getKind() == SqlKind.LIKE
        && call.operandCount() == 3
        && call.operand(2) instanceof SqlLiteral escape
        && escape.getTypeName() == SqlTypeName.CHAR
        && escape.toValue().isEmpty()) {
      return withoutEscape(call);
    }
    return named(call, session).orElse(call);
  }

  /** {@code LIKE … ESCAPE ''}: a backslash in the pattern means itself. */
  private static SqlNode withoutEscape(SqlCall like) {
    SqlParserPos position = like.operand(1).getParserPosition();
    SqlNode pattern =
        function(
            "REPLACE",
            position,
            List.of(
                like.operand(1),
                SqlLiteral.createCharString("\\", position),
                SqlLiteral.createCharString("\\\\", position)));
    return like.getOperator().createCall(like.getParserPosition(), like.operand(0), pattern);
  }

  private static Optional<SqlNode> named(SqlCall call, SessionContext session) {
    return call.operandCount() == 0
        ? value(call.getOperator().getName(), session, call.getParserPosition())
        : Optional.empty();
  }

  private static Optional<SqlNode> value(
      String name, SessionContext session, SqlParserPos position) {
    String call = name.toUpperCase(Locale.ROOT);
    return switch (call) {
      case "CURRENT_SCHEMA" -> Optional.of(SqlLiteral.createCharString(session.schema(), position));
      case "CURRENT_CATALOG", "CURRENT_DATABASE" ->
          Optional.of(SqlLiteral.createCharString(session.catalog(), position));
      case "CURRENT_USER", "SESSION_USER" ->
          Optional.of(UserLiteral.of(session.user(), call, position));
      default -> Optional.empty();
    };
  }

  /** A call of a function by its name. */
  static SqlCall function(String name, SqlParserPos position, List<SqlNode> arguments) {
    return new SqlUnresolvedFunction(
            new SqlIdentifier(name, position),
            null,
            null,
            null,
            null,
            SqlFunctionCategory.USER_DEFINED_FUNCTION)
        .createCall(position, arguments);
  }
}
