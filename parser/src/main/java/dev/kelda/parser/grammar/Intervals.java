package dev.kelda.parser.grammar;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.calcite.avatica.util.TimeUnit;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.SqlIntervalLiteral;
import org.apache.calcite.sql.SqlIntervalQualifier;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.parser.SqlParserPos;

/**
 * Interval literals of any size. The standard's default of two leading digits would refuse {@code
 * INTERVAL '70000' SECOND}; a precision that was not written becomes what the value needs.
 */
final class Intervals {
  private static final int STANDARD_DIGITS = 2;
  private static final int DAYS_PER_WEEK = 7;
  private static final int MONTHS_PER_QUARTER = 3;
  private static final int MONTHS_PER_YEAR = 12;
  private static final BigDecimal SECONDS_PER_DAY = BigDecimal.valueOf(86_400);
  private static final Pattern FIRST_NUMBER = Pattern.compile("\\s*[+-]?\\s*(\\d+)");
  private static final Pattern WHOLE = Pattern.compile("\\s*[+-]?\\s*\\d+\\s*");
  private static final Pattern PART = Pattern.compile("\\s*([+-]?\\d+(?:\\.\\d+)?)\\s*([a-zA-Z]+)");
  private static final Pattern CLOCK =
      Pattern.compile("\\s*([+-]?)(\\d+):(\\d{1,2})(?::(\\d{1,2}(?:\\.\\d+)?))?");

  private Intervals() {}

  /** {@code INTERVAL '7' DAY}, {@code INTERVAL 7 DAY}. */
  static SqlIntervalLiteral literal(
      SqlParserPos position, int sign, String value, SqlIntervalQualifier qualifier) {
    TimeUnit unit = qualifier.getStartUnit();
    if (WHOLE.matcher(value).matches() && qualifier.isSingleDatetimeField()) {
      String digits = value.replaceAll("\\s", "");
      if (unit == TimeUnit.WEEK) {
        return simple(position, sign, digits, DAYS_PER_WEEK, TimeUnit.DAY, qualifier);
      }
      if (unit == TimeUnit.QUARTER) {
        return simple(position, sign, digits, MONTHS_PER_QUARTER, TimeUnit.MONTH, qualifier);
      }
    }
    return create(position, sign, value.strip(), qualifier);
  }

  /** {@code INTERVAL '1 day 02:30:00'}, {@code INTERVAL '3 months'}: the units are in the text. */
  static SqlIntervalLiteral text(SqlParserPos position, int sign, String text) {
    BigDecimal months = BigDecimal.ZERO;
    BigDecimal seconds = BigDecimal.ZERO;
    boolean any = false;
    boolean days = true;
    int at = 0;
    while (!text.substring(at).isBlank()) {
      Matcher clock = CLOCK.matcher(text).region(at, text.length());
      Matcher part = PART.matcher(text).region(at, text.length());
      if (clock.lookingAt()) {
        BigDecimal time = new BigDecimal(clock.group(2)).multiply(BigDecimal.valueOf(3600));
        time = time.add(new BigDecimal(clock.group(3)).multiply(BigDecimal.valueOf(60)));
        time = time.add(clock.group(4) == null ? BigDecimal.ZERO : new BigDecimal(clock.group(4)));
        seconds = seconds.add(clock.group(1).equals("-") ? time.negate() : time);
        days = false;
        at = clock.end();
      } else if (part.lookingAt()) {
        BigDecimal number = new BigDecimal(part.group(1));
        BigDecimal inMonths = monthsOf(part.group(2));
        BigDecimal inSeconds = secondsOf(part.group(2));
        if (inMonths.signum() == 0 && inSeconds.signum() == 0) {
          throw error("unknown unit '" + part.group(2) + "' in interval '" + text + "'", position);
        }
        months = months.add(number.multiply(inMonths));
        seconds = seconds.add(number.multiply(inSeconds));
        days &= number.scale() <= 0 && inSeconds.remainder(SECONDS_PER_DAY).signum() == 0;
        at = part.end();
      } else {
        throw error("cannot read interval '" + text + "'; write INTERVAL '7' DAY", position);
      }
      any = true;
    }
    if (!any) {
      throw error("the interval is empty; write INTERVAL '7' DAY", position);
    }
    if (months.signum() != 0 && seconds.signum() != 0) {
      throw Nodes.notSupported("an interval of both months and days ('" + text + "')", position);
    }
    boolean inMonths = months.signum() != 0;
    TimeUnit unit = inMonths ? TimeUnit.MONTH : days ? TimeUnit.DAY : TimeUnit.SECOND;
    BigDecimal amount =
        switch (unit) {
          case MONTH -> months.stripTrailingZeros();
          case DAY -> seconds.divide(SECONDS_PER_DAY);
          default -> seconds.stripTrailingZeros();
        };
    if (inMonths && amount.scale() > 0) {
      throw error("a fraction of a month in interval '" + text + "'", position);
    }
    return create(
        position,
        sign * (amount.signum() < 0 ? -1 : 1),
        amount.abs().toPlainString(),
        new SqlIntervalQualifier(unit, null, position));
  }

  private static BigDecimal monthsOf(String unit) {
    return BigDecimal.valueOf(
        switch (unit.toLowerCase(Locale.ROOT)) {
          case "year", "years", "yr", "yrs", "y" -> MONTHS_PER_YEAR;
          case "quarter", "quarters" -> MONTHS_PER_QUARTER;
          case "month", "months", "mon", "mons" -> 1;
          default -> 0;
        });
  }

  private static BigDecimal secondsOf(String unit) {
    return switch (unit.toLowerCase(Locale.ROOT)) {
      case "week", "weeks", "w" -> BigDecimal.valueOf(604_800);
      case "day", "days", "d" -> BigDecimal.valueOf(86_400);
      case "hour", "hours", "hr", "hrs", "h" -> BigDecimal.valueOf(3600);
      case "minute", "minutes", "min", "mins", "m" -> BigDecimal.valueOf(60);
      case "second", "seconds", "sec", "secs", "s" -> BigDecimal.ONE;
      case "millisecond", "milliseconds", "ms" -> new BigDecimal("0.001");
      case "microsecond", "microseconds", "us" -> new BigDecimal("0.000001");
      default -> BigDecimal.ZERO;
    };
  }

  private static SqlIntervalLiteral simple(
      SqlParserPos position,
      int sign,
      String digits,
      int factor,
      TimeUnit unit,
      SqlIntervalQualifier written) {
    BigDecimal amount = new BigDecimal(digits).multiply(BigDecimal.valueOf(factor));
    SqlIntervalQualifier qualifier =
        new SqlIntervalQualifier(unit, null, written.getParserPosition());
    return create(position, sign, amount.toPlainString(), qualifier);
  }

  private static SqlIntervalLiteral create(
      SqlParserPos position, int sign, String value, SqlIntervalQualifier qualifier) {
    if (value.isBlank()) {
      throw error("the interval is empty; write INTERVAL '7' DAY", position);
    }
    Matcher first = FIRST_NUMBER.matcher(value);
    int digits = first.lookingAt() ? first.group(1).length() : 0;
    boolean standard =
        qualifier.getStartPrecisionPreservingDefault() != RelDataType.PRECISION_NOT_SPECIFIED
            || digits <= STANDARD_DIGITS;
    return SqlLiteral.createInterval(
        sign, value, standard ? qualifier : widened(qualifier, digits), position);
  }

  private static SqlIntervalQualifier widened(SqlIntervalQualifier qualifier, int digits) {
    return new SqlIntervalQualifier(
        qualifier.getStartUnit(),
        digits,
        qualifier.isSingleDatetimeField() ? null : qualifier.getEndUnit(),
        qualifier.getFractionalSecondPrecisionPreservingDefault(),
        qualifier.getParserPosition());
  }

  private static KeldaException error(String message, SqlParserPos position) {
    return new KeldaException(ErrorCode.SYNTAX_ERROR, message, Nodes.position(position));
  }
}
