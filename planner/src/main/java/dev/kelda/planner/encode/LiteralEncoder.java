package dev.kelda.planner.encode;

import com.google.protobuf.ByteString;
import dev.kelda.planner.proto.Expr;
import dev.kelda.planner.proto.Literal;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.util.DateString;
import org.apache.calcite.util.TimeString;
import org.apache.calcite.util.TimestampString;

/** Constants of a relational tree to the plan's literals. */
final class LiteralEncoder {
  private static final long MILLIS_PER_DAY = 86_400_000L;

  private LiteralEncoder() {}

  static Literal encode(RexLiteral literal) {
    return encode(literal, literal.getType());
  }

  /** The literal as a value of another type of the same family. */
  static Literal encode(RexLiteral literal, RelDataType type) {
    if (literal.getTypeName() == SqlTypeName.SYMBOL) {
      return text(literal.getValue().toString().toLowerCase(java.util.Locale.ROOT));
    }
    Literal.Builder to = Literal.newBuilder().setType(Types.toProto(type));
    if (literal.isNull()) {
      return to.setNull(true).build();
    }
    switch (type.getSqlTypeName()) {
      case BOOLEAN -> to.setBoolean(literal.getValueAs(Boolean.class));
      case TINYINT, SMALLINT, INTEGER, BIGINT -> to.setInteger(integer(number(literal), type));
      case REAL, FLOAT, DOUBLE -> to.setFloating(floating(literal));
      case DECIMAL -> to.setDecimal(decimal(number(literal), type));
      case CHAR, VARCHAR -> to.setString(literal.getValueAs(String.class));
      case BINARY, VARBINARY ->
          to.setBinary(
              ByteString.copyFrom(
                  literal.getValueAs(org.apache.calcite.avatica.util.ByteString.class).getBytes()));
      case DATE -> to.setInteger(literal.getValueAs(DateString.class).getDaysSinceEpoch());
      case TIME -> to.setInteger(micros(literal.getValueAs(TimeString.class)));
      case TIMESTAMP, TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ ->
          to.setInteger(
              timestamp(literal.getValueAs(TimestampString.class), type.getPrecision() > 6));
      case INTERVAL_YEAR, INTERVAL_YEAR_MONTH, INTERVAL_MONTH ->
          to.setInteger(months(number(literal)));
      case INTERVAL_DAY, INTERVAL_DAY_HOUR, INTERVAL_DAY_MINUTE, INTERVAL_DAY_SECOND ->
          to.setMonthDayNano(dayTime(number(literal)));
      case INTERVAL_HOUR,
          INTERVAL_HOUR_MINUTE,
          INTERVAL_HOUR_SECOND,
          INTERVAL_MINUTE,
          INTERVAL_MINUTE_SECOND,
          INTERVAL_SECOND ->
          to.setMonthDayNano(time(number(literal)));
      case ARRAY, MULTISET, ROW -> {
        Literal.List.Builder list = to.getListBuilder();
        for (Object value : (List<?>) literal.getValue()) {
          list.addValues(encode((RexLiteral) value));
        }
      }
      default ->
          throw new KeldaException(
              ErrorCode.NOT_SUPPORTED, "a constant of type " + type + " is not supported");
    }
    return to.build();
  }

  static Literal text(String value) {
    return Literal.newBuilder().setType(Types.toProto(Types.UTF8_FIELD)).setString(value).build();
  }

  static Literal bigint(long value) {
    return Literal.newBuilder().setType(Types.toProto(Types.INT64_FIELD)).setInteger(value).build();
  }

  static Expr expr(Literal literal) {
    return Expr.newBuilder().setLiteral(literal).build();
  }

  private static BigDecimal number(RexLiteral literal) {
    return literal.getValueAs(BigDecimal.class);
  }

  private static double floating(RexLiteral literal) {
    Double value = literal.getValueAs(Double.class);
    return value;
  }

  private static long integer(BigDecimal value, RelDataType type) {
    try {
      long number = value.setScale(0, RoundingMode.HALF_UP).longValueExact();
      int bits =
          switch (type.getSqlTypeName()) {
            case TINYINT -> 8;
            case SMALLINT -> 16;
            case INTEGER -> 32;
            default -> 64;
          };
      if (bits < 64 && (number >> (bits - 1)) != 0 && (number >> (bits - 1)) != -1) {
        throw outOfRange(value, type);
      }
      return number;
    } catch (ArithmeticException e) {
      throw outOfRange(value, type);
    }
  }

  private static KeldaException outOfRange(BigDecimal value, RelDataType type) {
    return new KeldaException(
        ErrorCode.NUMBER_OUT_OF_RANGE,
        value.toPlainString() + " is out of range for " + type.getSqlTypeName());
  }

  private static ByteString decimal(BigDecimal value, RelDataType type) {
    BigDecimal scaled = value.setScale(type.getScale(), RoundingMode.HALF_UP);
    if (scaled.precision() > type.getPrecision() && scaled.signum() != 0) {
      throw outOfRange(value, type);
    }
    return ByteString.copyFrom(scaled.unscaledValue().toByteArray());
  }

  private static long micros(TimeString time) {
    return fraction(time.toString(), 6) + time.getMillisOfDay() / 1000 * 1_000_000L;
  }

  private static long timestamp(TimestampString at, boolean nanos) {
    long seconds = Math.floorDiv(at.getMillisSinceEpoch(), 1000L);
    try {
      return Math.addExact(
          Math.multiplyExact(seconds, nanos ? 1_000_000_000L : 1_000_000L),
          fraction(at.toString(), nanos ? 9 : 6));
    } catch (ArithmeticException e) {
      throw new KeldaException(
          ErrorCode.NUMBER_OUT_OF_RANGE, "timestamp " + at + " is out of range");
    }
  }

  /** The digits after the point as a number of {@code digits} digits. */
  private static long fraction(String text, int digits) {
    int point = text.indexOf('.');
    if (point < 0) {
      return 0;
    }
    String padded = (text.substring(point + 1) + "000000000").substring(0, digits);
    return Long.parseLong(padded);
  }

  private static int months(BigDecimal value) {
    try {
      return value.intValueExact();
    } catch (ArithmeticException e) {
      throw new KeldaException(
          ErrorCode.NUMBER_OUT_OF_RANGE, "an interval of " + value + " months is out of range");
    }
  }

  /** Hours stay hours, whatever a day is; days only where they would not fit. */
  private static Literal.MonthDayNano time(BigDecimal millis) {
    BigDecimal nanos = millis.multiply(BigDecimal.valueOf(1_000_000L));
    return nanos.abs().compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0
        ? dayTime(millis)
        : Literal.MonthDayNano.newBuilder().setNanos(nanos.longValue()).build();
  }

  /** Whole days stay days, so that adding them to a date keeps its time of day. */
  private static Literal.MonthDayNano dayTime(BigDecimal millis) {
    BigDecimal[] parts = millis.divideAndRemainder(BigDecimal.valueOf(MILLIS_PER_DAY));
    try {
      return Literal.MonthDayNano.newBuilder()
          .setDays(parts[0].intValueExact())
          .setNanos(parts[1].multiply(BigDecimal.valueOf(1_000_000L)).longValue())
          .build();
    } catch (ArithmeticException e) {
      throw new KeldaException(
          ErrorCode.NUMBER_OUT_OF_RANGE, "an interval of " + millis + " ms is out of range");
    }
  }
}
