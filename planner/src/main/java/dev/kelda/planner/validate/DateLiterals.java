package dev.kelda.planner.validate;

import dev.kelda.spi.error.ErrorCode;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlIntervalLiteral;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlUnknownLiteral;
import org.apache.calcite.sql.type.SqlTypeName;

/**
 * Gives {@code DATE '…'}, {@code TIME '…'} and {@code TIMESTAMP '…'} their types. Calcite's
 * validator does so too, but not in the copy that {@code GROUP BY 1} makes of a select item.
 */
final class DateLiterals {
  private static final Map<String, SqlTypeName> TYPES =
      Map.of(
          "DATE", SqlTypeName.DATE, "TIME", SqlTypeName.TIME, "TIMESTAMP", SqlTypeName.TIMESTAMP);

  /** A moment as texts may have it: a T for the blank, no seconds, a zone that means nothing. */
  private static final Pattern MOMENT =
      Pattern.compile(
          "\\s*(\\d{4}-\\d{1,2}-\\d{1,2})[ T]+(\\d{1,2}):(\\d{2})(:\\d{1,2}(?:\\.\\d+)?)?"
              + "\\s*(?:Z|[+-]\\d{2}(?::?\\d{2})?)?\\s*");

  private static final Pattern TIME =
      Pattern.compile("\\s*(\\d{1,2}):(\\d{2})(:\\d{1,2}(?:\\.\\d+)?)?\\s*");

  private static final Pattern LONG_YEAR = Pattern.compile("\\s*\\d{5}");
  private static final Pattern BELOW_MILLISECONDS = Pattern.compile("\\.\\d{3}\\d*[1-9]");

  private DateLiterals() {}

  /** Replaces the literals that stand directly in this node. */
  static void resolve(SqlNode node) {
    if (node instanceof SqlNodeList list) {
      for (int i = 0; i < list.size(); i++) {
        if (list.get(i) instanceof SqlIntervalLiteral interval) {
          requireMilliseconds(interval);
        }
        if (isUntyped(list.get(i))) {
          list.set(i, typed(list.get(i)));
        }
      }
    } else if (node instanceof SqlCall call) {
      List<SqlNode> operands = call.getOperandList();
      for (int i = 0; i < operands.size(); i++) {
        if (operands.get(i) instanceof SqlIntervalLiteral interval) {
          requireMilliseconds(interval);
        }
        if (isUntyped(operands.get(i))) {
          call.setOperand(i, typed(operands.get(i)));
        }
      }
    }
  }

  private static void requireMilliseconds(SqlIntervalLiteral literal) {
    var value = literal.getValueAs(SqlIntervalLiteral.IntervalValue.class);
    if (BELOW_MILLISECONDS.matcher(value.getIntervalLiteral()).find()) {
      throw ValidationErrors.at(
          ErrorCode.NOT_SUPPORTED, "intervals are exact to the millisecond", literal);
    }
  }

  private static boolean isUntyped(SqlNode node) {
    return node instanceof SqlUnknownLiteral literal && TYPES.containsKey(literal.tag);
  }

  private static SqlNode typed(SqlNode node) {
    SqlUnknownLiteral literal = (SqlUnknownLiteral) node;
    String text = literal.getValueAs(String.class);
    if (!literal.tag.equals("TIME") && LONG_YEAR.matcher(text).lookingAt()) {
      throw ValidationErrors.at(
          ErrorCode.INVALID_STATEMENT,
          "the year of %s '%s' is not one from 0001 to 9999".formatted(literal.tag, text),
          node);
    }
    return typed(literal, TYPES.get(literal.tag));
  }

  /** The literal with the type, whose text may be written as one that is cast to it. */
  static SqlNode typed(SqlUnknownLiteral literal, SqlTypeName type) {
    String text = literal.getValueAs(String.class);
    String plain =
        switch (type) {
          case TIMESTAMP -> {
            Matcher moment = MOMENT.matcher(text);
            yield moment.matches() ? moment.group(1) + " " + time(moment, 2) : text;
          }
          case TIME -> {
            Matcher time = TIME.matcher(text);
            yield time.matches() ? time(time, 1) : text;
          }
          default -> text;
        };
    SqlLiteral read = SqlLiteral.createUnknown(literal.tag, plain, literal.getParserPosition());
    return ((SqlUnknownLiteral) read).resolve(type);
  }

  private static String time(Matcher matcher, int group) {
    String hour = matcher.group(group);
    String seconds = Objects.requireNonNullElse(matcher.group(group + 2), ":00");
    return (hour.length() == 1 ? "0" : "") + hour + ":" + matcher.group(group + 1) + seconds;
  }
}
