package dev.kelda.planner.pushdown;

import dev.kelda.spi.connector.Scalar;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAccessor;
import java.util.Locale;
import java.util.Optional;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.util.DateString;
import org.apache.calcite.util.TimestampString;

/**
 * The values of constant expressions, as far as conditions on columns need them: literals, casts of
 * them, and dates and timestamps moved by intervals.
 */
public final class Constants {
  private Constants() {}

  private static final DateTimeFormatter TIMESTAMP =
      new DateTimeFormatterBuilder()
          .append(DateTimeFormatter.ISO_LOCAL_DATE)
          .appendPattern("[' ']['T']")
          .appendOptional(DateTimeFormatter.ISO_LOCAL_TIME)
          .appendPattern("[' ']")
          .optionalStart()
          .appendOffset("+HH:mm", "Z")
          .toFormatter(Locale.ROOT);

  /** The value in the wanted type; empty when it is not constant or would change by the cast. */
  public static Optional<Scalar> scalar(RexNode node, ArrowType type) {
    return value(node).flatMap(v -> convert(v, type)).map(v -> Scalar.of(type, v));
  }

  /** BigDecimal, Boolean, String, LocalDate or LocalDateTime. */
  private static Optional<Object> value(RexNode node) {
    if (node instanceof RexLiteral literal) {
      return literal.isNull() ? Optional.empty() : literal(literal);
    }
    if (!(node instanceof RexCall call)) {
      return Optional.empty();
    }
    if (call.isA(SqlKind.CAST)) {
      return value(call.getOperands().get(0)).flatMap(v -> cast(v, call.getType()));
    }
    if (call.isA(SqlKind.MINUS_PREFIX)) {
      return value(call.getOperands().get(0))
          .map(v -> v instanceof BigDecimal number ? number.negate() : null);
    }
    boolean minus = call.getOperator() == SqlStdOperatorTable.MINUS_DATE;
    if (minus || call.getOperator() == SqlStdOperatorTable.DATETIME_PLUS) {
      return value(call.getOperands().get(0))
          .flatMap(v -> shift(v, call.getOperands().get(1), minus ? -1 : 1));
    }
    return Optional.empty();
  }

  private static Optional<Object> literal(RexLiteral literal) {
    return switch (literal.getTypeName()) {
      case BOOLEAN -> Optional.of(literal.getValueAs(Boolean.class));
      case DECIMAL, DOUBLE -> Optional.of(literal.getValueAs(BigDecimal.class));
      case CHAR -> Optional.of(literal.getValueAs(String.class));
      case DATE ->
          Optional.of(
              LocalDate.ofEpochDay(literal.getValueAs(DateString.class).getDaysSinceEpoch()));
      case TIMESTAMP, TIMESTAMP_WITH_LOCAL_TIME_ZONE ->
          Optional.of(
              LocalDateTime.parse(
                  literal.getValueAs(TimestampString.class).toString().replace(' ', 'T')));
      default -> Optional.empty();
    };
  }

  private static Optional<Object> cast(Object value, RelDataType type) {
    try {
      if (type.getSqlTypeName() == SqlTypeName.DATE && value instanceof String text) {
        return Optional.of(LocalDate.parse(text.strip()));
      }
      if (type.getSqlTypeName() == SqlTypeName.DATE && value instanceof LocalDate) {
        return Optional.of(value);
      }
      if (SqlTypeUtil.isTimestamp(type) && value instanceof String text) {
        return timestamp(text, type.getSqlTypeName() != SqlTypeName.TIMESTAMP);
      }
      if (SqlTypeUtil.isTimestamp(type) && value instanceof LocalDate date) {
        return Optional.of(date.atStartOfDay());
      }
      if (SqlTypeUtil.isTimestamp(type) && value instanceof LocalDateTime) {
        return Optional.of(value);
      }
      if (SqlTypeUtil.isNumeric(type)) {
        return number(value, type);
      }
      return SqlTypeUtil.isCharacter(type) && value instanceof String
          ? Optional.of(value)
          : Optional.empty();
    } catch (DateTimeParseException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static Optional<Object> timestamp(String text, boolean zoned) {
    TemporalAccessor parsed =
        TIMESTAMP.parseBest(
            text.strip(), OffsetDateTime::from, LocalDateTime::from, LocalDate::from);
    return switch (parsed) {
      case OffsetDateTime at when zoned ->
          Optional.of(at.withOffsetSameInstant(ZoneOffset.UTC).toLocalDateTime());
      case LocalDateTime at -> Optional.of(at);
      case LocalDate date -> Optional.of(date.atStartOfDay());
      default -> Optional.empty();
    };
  }

  private static Optional<Object> number(Object value, RelDataType type) {
    BigDecimal number =
        switch (value) {
          case BigDecimal n -> n;
          case String text -> new BigDecimal(text.strip());
          default -> null;
        };
    if (number == null || SqlTypeUtil.isApproximateNumeric(type)) {
      return Optional.ofNullable(number);
    }
    int scale = SqlTypeUtil.isDecimal(type) ? type.getScale() : 0;
    return number.stripTrailingZeros().scale() > scale ? Optional.empty() : Optional.of(number);
  }

  private static Optional<Object> shift(Object value, RexNode interval, int sign) {
    if (!(interval instanceof RexLiteral literal) || literal.isNull()) {
      return Optional.empty();
    }
    BigDecimal amount = literal.getValueAs(BigDecimal.class);
    if (amount.stripTrailingZeros().scale() > 0) {
      return Optional.empty();
    }
    long units = amount.longValue() * sign;
    boolean months = literal.getType().getSqlTypeName().isYearMonth();
    if (!months && value instanceof LocalDate && units % 86_400_000L != 0) {
      return Optional.empty();
    }
    return switch (value) {
      case LocalDate date ->
          Optional.of(months ? date.plusMonths(units) : date.plusDays(units / 86_400_000L));
      case LocalDateTime at ->
          Optional.of(months ? at.plusMonths(units) : at.plus(units, ChronoUnit.MILLIS));
      default -> Optional.empty();
    };
  }

  private static Optional<Object> convert(Object value, ArrowType type) {
    return switch (type) {
      case ArrowType.Bool ignored -> Optional.of(value).filter(v -> v instanceof Boolean);
      case ArrowType.Utf8 ignored -> Optional.of(value).filter(v -> v instanceof String);
      case ArrowType.Int i -> value instanceof BigDecimal n ? integer(n, i) : Optional.empty();
      case ArrowType.FloatingPoint f ->
          value instanceof BigDecimal n ? floating(n, f) : Optional.empty();
      case ArrowType.Decimal d -> value instanceof BigDecimal n ? decimal(n, d) : Optional.empty();
      case ArrowType.Date ignored ->
          value instanceof LocalDate date
              ? Optional.of(date.toEpochDay())
              : value instanceof LocalDateTime at && at.toLocalTime().toNanoOfDay() == 0
                  ? Optional.of(at.toLocalDate().toEpochDay())
                  : Optional.empty();
      case ArrowType.Timestamp t -> timestamp(value, t);
      default -> Optional.empty();
    };
  }

  private static Optional<Object> integer(BigDecimal number, ArrowType.Int type) {
    try {
      long value = number.longValueExact();
      int spare = 64 - type.getBitWidth();
      return value << spare >> spare == value ? Optional.of(value) : Optional.empty();
    } catch (ArithmeticException e) {
      return Optional.empty();
    }
  }

  /** A decimal constant beside a float column is compared as a double; see the encoder's casts. */
  private static Optional<Object> floating(BigDecimal number, ArrowType.FloatingPoint type) {
    double value = number.doubleValue();
    boolean single =
        type.getPrecision() == org.apache.arrow.vector.types.FloatingPointPrecision.SINGLE;
    return single && (float) value != value ? Optional.empty() : Optional.of(value);
  }

  private static Optional<Object> decimal(BigDecimal number, ArrowType.Decimal type) {
    BigDecimal plain = number.stripTrailingZeros();
    if (plain.scale() > type.getScale()) {
      return Optional.empty();
    }
    BigDecimal scaled = number.setScale(type.getScale());
    return scaled.precision() > type.getPrecision() ? Optional.empty() : Optional.of(scaled);
  }

  private static Optional<Object> timestamp(Object value, ArrowType.Timestamp type) {
    LocalDateTime at =
        switch (value) {
          case LocalDateTime t -> t;
          case LocalDate date -> date.atStartOfDay();
          default -> null;
        };
    if (at == null) {
      return Optional.empty();
    }
    try {
      long perSecond = type.getUnit() == TimeUnit.NANOSECOND ? 1_000_000_000L : 1_000_000L;
      long divisor = 1_000_000_000L / perSecond;
      return at.getNano() % divisor != 0
          ? Optional.empty()
          : Optional.of(
              Math.addExact(
                  Math.multiplyExact(at.toEpochSecond(ZoneOffset.UTC), perSecond),
                  at.getNano() / divisor));
    } catch (ArithmeticException e) {
      return Optional.empty();
    }
  }
}
