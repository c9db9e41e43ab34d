package dev.kelda.planner.validate;

import dev.kelda.planner.SessionContext;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlUnresolvedFunction;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * Calls that stand for something shorter or longer: who asks and where ({@code CURRENT_SCHEMA},
 * {@code CURRENT_DATABASE()}), {@code COUNT(DISTINCT a, b)}.
 */
final class Abbreviations {
  private Abbreviations() {}

  /** The node itself unless it is one. */
  static SqlNode expand(SqlNode node, SessionContext session) {
    if (node instanceof SqlIdentifier name && name.isSimple() && !name.isComponentQuoted(0)) {
      return value(name.getSimple(), session)
          .<SqlNode>map(text -> SqlLiteral.createCharString(text, name.getParserPosition()))
          .orElse(name);
    }
    if (!(node instanceof SqlCall call)) {
      return node;
    }
    SqlNode counted = DistinctCounts.expand(call);
    if (counted != call) {
      return counted;
    }
    return named(call, session)
        .<SqlNode>map(text -> SqlLiteral.createCharString(text, call.getParserPosition()))
        .orElse(call);
  }

  private static Optional<String> named(SqlCall call, SessionContext session) {
    return call.operandCount() == 0
        ? value(call.getOperator().getName(), session)
        : Optional.empty();
  }

  private static Optional<String> value(String name, SessionContext session) {
    return switch (name.toUpperCase(Locale.ROOT)) {
      case "CURRENT_SCHEMA" -> Optional.of(session.schema());
      case "CURRENT_CATALOG", "CURRENT_DATABASE" -> Optional.of(session.catalog());
      case "CURRENT_USER", "SESSION_USER" -> Optional.of(session.user());
      default -> Optional.empty();
    };
  }

  /** A call of a function by its name. */
  static SqlCall function(String name, SqlParserPos position, SqlNode... arguments) {
    return new SqlUnresolvedFunction(
            new SqlIdentifier(name, position),
            null,
            null,
            null,
            null,
            SqlFunctionCategory.USER_DEFINED_FUNCTION)
        .createCall(position, List.of(arguments));
  }
}
