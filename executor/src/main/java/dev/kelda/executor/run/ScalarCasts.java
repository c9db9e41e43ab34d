package dev.kelda.executor.run;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.rows.TypeNames;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** Single constants from one type to another, exactly or not at all. */
public final class ScalarCasts {
  private static final long DAY_MICROS = 86_400_000_000L;
  private static final Pattern NUMBER_START = Pattern.compile("\\d");
  private static final Pattern LIST = Pattern.compile("\\[[^\\[\\]{}\"']*]"); // of plain values

  private ScalarCasts() {}

  /**
   * @param what names the value in errors
   * @throws KeldaException INVALID_CAST, NUMBER_OUT_OF_RANGE
   */
  public static Scalar cast(Scalar scalar, ArrowType type, String what) {
    if (scalar.type().equals(type)) {
      return scalar;
    }
    if (scalar.value().isEmpty()) {
      return Scalar.nullOf(type);
    }
    Object value = scalar.value().get();
    try {
      return Scalar.of(type, convert(value, scalar.type(), type));
    } catch (ArithmeticException e) {
      throw new KeldaException(
          ErrorCode.NUMBER_OUT_OF_RANGE,
          "%s: %s does not fit %s".formatted(what, text(value, scalar.type()), name(type)));
    } catch (IllegalArgumentException | DateTimeException e) {
      throw misfit(scalar, Field.nullable("", type), what);
    }
  }

  /**
   * The same for a type with children: a list, or a text such as {@code [1, 2.5, NULL]}, becomes a
   * list of the field's elements.
   */
  static Scalar cast(Scalar scalar, Field field, String what) {
    Object value = scalar.value().orElse(null);
    if (value == null || field.getChildren().isEmpty() && !(value instanceof Scalar.Elements)) {
      return cast(scalar, field.getType(), what);
    }
    boolean isList =
        field.getType() instanceof ArrowType.List
            || field.getType() instanceof ArrowType.FixedSizeList;
    List<Scalar> elements =
        switch (value) {
          case Scalar.Elements given when isList -> given.values();
          case String text when isList && LIST.matcher(text.strip()).matches() ->
              elements(text.strip());
          default -> throw misfit(scalar, field, what);
        };
    if (field.getType() instanceof ArrowType.FixedSizeList fixed
        && fixed.getListSize() != elements.size()) {
      throw misfit(scalar, field, what);
    }
    Field element = field.getChildren().getFirst();
    List<Scalar> values = elements.stream().map(v -> cast(v, element, what)).toList();
    return Scalar.of(field.getType(), new Scalar.Elements(element.getType(), values));
  }

  private static List<Scalar> elements(String list) {
    String inside = list.substring(1, list.length() - 1).strip();
    return inside.isEmpty()
        ? List.of()
        : Stream.of(inside.split(",", -1)).map(String::strip).map(ScalarCasts::element).toList();
  }

  private static Scalar element(String text) {
    return text.equalsIgnoreCase("NULL")
        ? Scalar.nullOf(CanonicalTypes.UTF8)
        : Scalar.of(CanonicalTypes.UTF8, text);
  }

  private static KeldaException misfit(Scalar scalar, Field field, String what) {
    Object value = scalar.value().orElseThrow();
    String text = text(value, scalar.type());
    String given =
        value instanceof Scalar.Elements ? text : text + " of type " + name(scalar.type());
    return new KeldaException(
        ErrorCode.INVALID_CAST, "%s: %s is no %s".formatted(what, given, TypeNames.of(field)));
  }

  /** Whether the value is one of the type, too. */
  static boolean fits(Scalar scalar, Field field) {
    try {
      cast(scalar, field, "");
      return true;
    } catch (KeldaException e) {
      return false;
    }
  }

  private static String name(ArrowType type) {
    return TypeNames.of(Field.nullable("", type));
  }

  private static Object convert(Object value, ArrowType from, ArrowType to) {
    return switch (to) {
      case ArrowType.Bool ignored -> truth(value);
      case ArrowType.Int integer -> integer(number(value, from), integer.getBitWidth());
      case ArrowType.FloatingPoint floating -> floating(value, from, floating);
      case ArrowType.Decimal decimal -> decimal(number(value, from), decimal);
      case ArrowType.Utf8 ignored -> text(value, from);
      case ArrowType.Binary ignored -> bytes(value);
      case ArrowType.FixedSizeBinary binary -> {
        byte[] bytes = bytes(value);
        if (bytes.length != binary.getByteWidth()) {
          throw new IllegalArgumentException();
        }
        yield bytes;
      }
      case ArrowType.Date ignored -> Math.divideExact(midnight(micros(value, from)), DAY_MICROS);
      case ArrowType.Time ignored ->
          value instanceof String s
              ? LocalTime.parse(s.strip()).toNanoOfDay() / 1000
              : timeMicros((Long) value, from);
      case ArrowType.Timestamp timestamp ->
          timestamp.getUnit() == TimeUnit.NANOSECOND
              ? nanos(value, from)
              : wholeMicros(value, from);
      default -> throw new IllegalArgumentException();
    };
  }

  private static boolean truth(Object value) {
    return switch (value) {
      case Boolean truth -> truth;
      case Long number -> number != 0;
      case String s ->
          switch (s.strip().toLowerCase(Locale.ROOT)) {
            case "true", "t", "1" -> true;
            case "false", "f", "0" -> false;
            default -> throw new IllegalArgumentException();
          };
      default -> throw new IllegalArgumentException();
    };
  }

  private static BigDecimal number(Object value, ArrowType from) {
    return switch (value) {
      case Long number when from instanceof ArrowType.Int -> BigDecimal.valueOf(number);
      case Double number -> {
        if (!Double.isFinite(number)) {
          throw new ArithmeticException();
        }
        yield BigDecimal.valueOf(number);
      }
      case BigDecimal number -> number;
      case String s -> new BigDecimal(s.strip());
      case Boolean truth -> truth ? BigDecimal.ONE : BigDecimal.ZERO;
      default -> throw new IllegalArgumentException();
    };
  }

  private static double floating(Object value, ArrowType from, ArrowType.FloatingPoint to) {
    double number =
        switch (value) {
          case Double given -> given;
          case String text when !NUMBER_START.matcher(text).find() -> named(text.strip());
          default -> number(value, from).doubleValue();
        };
    boolean overflows =
        to.getPrecision() == FloatingPointPrecision.SINGLE
            && Double.isFinite(number)
            && Float.isInfinite((float) number);
    if (overflows || value instanceof BigDecimal && Double.isInfinite(number)) {
      throw new ArithmeticException();
    }
    return number;
  }

  private static double named(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "nan" -> Double.NaN;
      case "inf", "infinity", "+infinity" -> Double.POSITIVE_INFINITY;
      case "-inf", "-infinity" -> Double.NEGATIVE_INFINITY;
      default -> throw new IllegalArgumentException();
    };
  }

  private static long midnight(long micros) {
    if (Math.floorMod(micros, DAY_MICROS) != 0) {
      throw new ArithmeticException(); // the time of day would be lost
    }
    return micros;
  }

  private static long integer(BigDecimal number, int bits) {
    long value = number.longValueExact(); // a rounded bound would select other rows
    if (bits < Long.SIZE && (value < -(1L << (bits - 1)) || value >= 1L << (bits - 1))) {
      throw new ArithmeticException();
    }
    return value;
  }

  private static BigDecimal decimal(BigDecimal number, ArrowType.Decimal type) {
    BigDecimal scaled = number.setScale(type.getScale(), RoundingMode.UNNECESSARY);
    if (scaled.precision() > type.getPrecision()) {
      throw new ArithmeticException();
    }
    return scaled;
  }

  private static byte[] bytes(Object value) {
    return switch (value) {
      case byte[] bytes -> bytes;
      case String s -> s.getBytes(StandardCharsets.UTF_8);
      default -> throw new IllegalArgumentException();
    };
  }

  private static long micros(Object value, ArrowType from) {
    if (value instanceof String s) {
      Instant instant = instant(s.strip());
      return Math.addExact(
          Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1000);
    }
    long number = (Long) value;
    return switch (from) {
      case ArrowType.Date date ->
          switch (date.getUnit()) {
            case DAY -> Math.multiplyExact(number, DAY_MICROS);
            case MILLISECOND -> Math.multiplyExact(number, 1000L);
          };
      case ArrowType.Timestamp timestamp -> scale(number, timestamp.getUnit());
      default -> throw new IllegalArgumentException();
    };
  }

  private static long wholeMicros(Object value, ArrowType from) {
    if (from instanceof ArrowType.Timestamp given
        && given.getUnit() == TimeUnit.NANOSECOND
        && (Long) value % 1000 != 0) {
      throw new ArithmeticException();
    }
    return micros(value, from);
  }

  private static long nanos(Object value, ArrowType from) {
    if (value instanceof String s) {
      Instant instant = instant(s.strip());
      return Math.addExact(
          Math.multiplyExact(instant.getEpochSecond(), 1_000_000_000L), instant.getNano());
    }
    return from instanceof ArrowType.Timestamp t && t.getUnit() == TimeUnit.NANOSECOND
        ? (Long) value
        : Math.multiplyExact(micros(value, from), 1000L);
  }

  private static long timeMicros(long value, ArrowType from) {
    if (from instanceof ArrowType.Time time) {
      return scale(value, time.getUnit());
    }
    throw new IllegalArgumentException();
  }

  private static long scale(long value, TimeUnit unit) {
    return switch (unit) {
      case SECOND -> Math.multiplyExact(value, 1_000_000L);
      case MILLISECOND -> Math.multiplyExact(value, 1000L);
      case MICROSECOND -> value;
      case NANOSECOND -> Math.floorDiv(value, 1000L);
    };
  }

  private static Instant instant(String text) {
    String iso = text.replace(' ', 'T');
    if (!iso.contains("T")) {
      return LocalDate.parse(iso).atStartOfDay(ZoneOffset.UTC).toInstant();
    }
    return iso.endsWith("Z") || iso.lastIndexOf('+') > 10 || iso.lastIndexOf('-') > 10
        ? OffsetDateTime.parse(iso).toInstant()
        : LocalDateTime.parse(iso).toInstant(ZoneOffset.UTC);
  }

  private static String text(Object value, ArrowType from) {
    return switch (value) {
      case Long days when from instanceof ArrowType.Date ->
          LocalDate.ofEpochDay(Math.floorDiv(micros(days, from), DAY_MICROS)).toString();
      case Long time when from instanceof ArrowType.Timestamp -> {
        long micros = micros(time, from);
        yield Instant.ofEpochSecond(
                Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1000)
            .toString();
      }
      case byte[] bytes -> bytes.length + " bytes";
      case Scalar.Elements elements -> "an array of " + elements.values().size() + " elements";
      case BigDecimal number -> number.toPlainString();
      default -> value.toString();
    };
  }
}
