package dev.kelda.parser.grammar;

import java.util.List;
import org.apache.calcite.sql.SqlBinaryOperator;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlPrefixOperator;
import org.apache.calcite.sql.SqlUnresolvedFunction;
import org.apache.calcite.sql.fun.SqlLibraryOperators;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * Operators of PostgreSQL and DuckDB that are other words for something the planner knows. They
 * exist while operators and operands are made a tree, and become calls then.
 */
final class Operators {
  private static final int MATCH = 34; // above comparisons, below arithmetic
  private static final int BITS = 38;
  private static final int EXPONENT = 70;
  private static final int POSTFIX = 90;
  private static final int ITEM = 100;

  /** {@code a ^ b}, {@code a ** b}. */
  static final SqlBinaryOperator POWER =
      binary("^", EXPONENT, (at, a, b) -> call("POWER", at, a, b));

  static final SqlBinaryOperator BIT_AND =
      binary("&", BITS, (at, a, b) -> call("BITWISE_AND", at, a, b));
  static final SqlBinaryOperator BIT_OR =
      binary("|", BITS, (at, a, b) -> call("BITWISE_OR", at, a, b));
  static final SqlBinaryOperator SHIFT_LEFT =
      binary("<<", BITS, (at, a, b) -> call("SHIFT_LEFT", at, a, b));
  static final SqlBinaryOperator SHIFT_RIGHT =
      binary(">>", BITS, (at, a, b) -> call("SHIFT_RIGHT", at, a, b));

  /** {@code document -> 'key'}: JSON. */
  static final SqlBinaryOperator JSON =
      binary("->", POSTFIX, (at, a, b) -> call("JSON_EXTRACT", at, a, b));

  /** {@code document ->> 'key'}: the text of it. */
  static final SqlBinaryOperator JSON_TEXT =
      binary("->>", POSTFIX, (at, a, b) -> call("JSON_EXTRACT_STRING", at, a, b));

  static final SqlBinaryOperator AT_TIME_ZONE =
      binary("AT TIME ZONE", POSTFIX, (at, a, b) -> call("TIMEZONE", at, b, a));

  static final SqlPrefixOperator BIT_NOT =
      new SqlPrefixOperator("~", SqlKind.OTHER, POSTFIX, null, null, null) {
        @Override
        public SqlCall createCall(
            SqlLiteral qualifier, SqlParserPos position, SqlNode... operands) {
          return call("BITWISE_NOT", position, operands);
        }
      };

  private Operators() {}

  private interface Rewrite {
    SqlNode of(SqlParserPos position, SqlNode left, SqlNode right);
  }

  /** {@code ~ !~ ~* !~*}: regular expressions; {@code ~~ !~~ ~~* !~~*}: LIKE and ILIKE. */
  static SqlBinaryOperator matching(String image) {
    boolean negated = image.startsWith("!");
    return binary(
        image,
        MATCH,
        (at, value, pattern) -> {
          SqlNode match =
              switch (negated ? image.substring(1) : image) {
                case "~" -> call("REGEXP_MATCHES", at, value, pattern);
                case "~*" ->
                    call(
                        "REGEXP_MATCHES", at, value, pattern, SqlLiteral.createCharString("i", at));
                case "~~" -> SqlStdOperatorTable.LIKE.createCall(at, value, pattern);
                default -> SqlLibraryOperators.ILIKE.createCall(at, value, pattern);
              };
          return negated ? SqlStdOperatorTable.NOT.createCall(at, match) : match;
        });
  }

  /**
   * {@code value[from:to]}, both ends included and counted from 1; from the end when negative.
   *
   * @param from null = the first
   * @param to null = the last
   */
  static SqlBinaryOperator slice() {
    return binary(
        "[:]",
        ITEM,
        (at, value, bounds) ->
            call(
                "ARRAY_SLICE",
                at,
                value,
                ((SqlCall) bounds).operand(0),
                ((SqlCall) bounds).operand(1)));
  }

  static SqlNode bounds(SqlNode from, SqlNode to, SqlParserPos position) {
    SqlNode first = from == null ? SqlLiteral.createExactNumeric("1", position) : from;
    SqlNode last = to == null ? SqlLiteral.createExactNumeric("-1", position) : to;
    return SqlStdOperatorTable.ROW.createCall(position, first, last);
  }

  /** A call of a function by its name. */
  static SqlCall call(String function, SqlParserPos position, SqlNode... operands) {
    return new SqlUnresolvedFunction(
            new SqlIdentifier(function, position),
            null,
            null,
            null,
            null,
            SqlFunctionCategory.USER_DEFINED_FUNCTION)
        .createCall(position, List.of(operands));
  }

  private static SqlBinaryOperator binary(String name, int precedence, Rewrite rewrite) {
    return new SqlBinaryOperator(name, SqlKind.OTHER, precedence, true, null, null, null) {
      @Override
      public SqlCall createCall(SqlLiteral qualifier, SqlParserPos position, SqlNode... operands) {
        return (SqlCall) rewrite.of(position, operands[0], operands[1]);
      }
    };
  }
}
