package dev.kelda.spi.connector;

import java.util.Optional;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.IntervalUnit;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * The closed list of Arrow types that columns have inside Kelda. Sources map everything else onto
 * it: unsigned integers to the next larger signed one (UInt64 to DECIMAL(20, 0)), Float16 to
 * Float32, views and large variants to the plain ones, seconds and milliseconds to microseconds,
 * every time zone to UTC, dictionaries to their values.
 */
public final class CanonicalTypes {
  public static final ArrowType NULL = ArrowType.Null.INSTANCE;
  public static final ArrowType BOOL = ArrowType.Bool.INSTANCE;
  public static final ArrowType INT8 = new ArrowType.Int(8, true);
  public static final ArrowType INT16 = new ArrowType.Int(16, true);
  public static final ArrowType INT32 = new ArrowType.Int(32, true);
  public static final ArrowType INT64 = new ArrowType.Int(64, true);
  public static final ArrowType FLOAT32 =
      new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
  public static final ArrowType FLOAT64 =
      new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
  public static final ArrowType UTF8 = ArrowType.Utf8.INSTANCE;
  public static final ArrowType BINARY = ArrowType.Binary.INSTANCE;
  public static final ArrowType DATE32 = new ArrowType.Date(DateUnit.DAY);
  public static final ArrowType TIME64 = new ArrowType.Time(TimeUnit.MICROSECOND, 64);
  public static final ArrowType TIMESTAMP = new ArrowType.Timestamp(TimeUnit.MICROSECOND, null);
  public static final ArrowType TIMESTAMP_TZ = new ArrowType.Timestamp(TimeUnit.MICROSECOND, "UTC");
  public static final ArrowType TIMESTAMP_NANOS =
      new ArrowType.Timestamp(TimeUnit.NANOSECOND, null);
  public static final ArrowType TIMESTAMP_TZ_NANOS =
      new ArrowType.Timestamp(TimeUnit.NANOSECOND, "UTC");
  public static final ArrowType INTERVAL_YEAR_MONTH =
      new ArrowType.Interval(IntervalUnit.YEAR_MONTH);
  public static final ArrowType INTERVAL_MONTH_DAY_NANO =
      new ArrowType.Interval(IntervalUnit.MONTH_DAY_NANO);

  private CanonicalTypes() {}

  /** DECIMAL with 1 to 38 digits. */
  public static ArrowType decimal(int precision, int scale) {
    return new ArrowType.Decimal(precision, scale, 128);
  }

  /** The first field, at any depth, whose type is not canonical. */
  public static Optional<Field> firstNotCanonical(Field field) {
    if (!isCanonical(field.getType())) {
      return Optional.of(field);
    }
    return field.getChildren().stream()
        .flatMap(child -> firstNotCanonical(child).stream())
        .findFirst();
  }

  private static boolean isCanonical(ArrowType type) {
    return switch (type) {
      case ArrowType.Null ignored -> true;
      case ArrowType.Bool ignored -> true;
      case ArrowType.Int i -> i.getIsSigned();
      case ArrowType.FloatingPoint f -> f.getPrecision() != FloatingPointPrecision.HALF;
      case ArrowType.Decimal d -> d.getBitWidth() == 128 && d.getScale() >= 0;
      case ArrowType.Utf8 ignored -> true;
      case ArrowType.Binary ignored -> true;
      case ArrowType.FixedSizeBinary ignored -> true;
      case ArrowType.Date d -> d.getUnit() == DateUnit.DAY;
      case ArrowType.Time t -> t.getUnit() == TimeUnit.MICROSECOND;
      case ArrowType.Timestamp t ->
          (t.getUnit() == TimeUnit.MICROSECOND || t.getUnit() == TimeUnit.NANOSECOND)
              && (t.getTimezone() == null || t.getTimezone().equals("UTC"));
      case ArrowType.Interval i -> i.getUnit() != IntervalUnit.DAY_TIME;
      case ArrowType.List ignored -> true;
      case ArrowType.FixedSizeList ignored -> true;
      case ArrowType.Struct ignored -> true;
      case ArrowType.Map ignored -> true;
      default -> false;
    };
  }
}
