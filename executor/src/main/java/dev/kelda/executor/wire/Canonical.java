package dev.kelda.executor.wire;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.IntervalUnit;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/** Columns of foreign Arrow data as the {@linkplain CanonicalTypes canonical} ones they become. */
public final class Canonical {
  private Canonical() {}

  /**
   * @throws KeldaException NOT_SUPPORTED for a type that has no canonical one
   */
  public static Field field(Field foreign) {
    List<Field> children = foreign.getChildren().stream().map(Canonical::field).toList();
    return new Field(
        foreign.getName(), new FieldType(foreign.isNullable(), type(foreign), null), children);
  }

  private static ArrowType type(Field foreign) {
    return switch (foreign.getType()) {
      case ArrowType.Int integer -> integer(integer);
      case ArrowType.FloatingPoint real ->
          real.getPrecision() == FloatingPointPrecision.DOUBLE
              ? CanonicalTypes.FLOAT64
              : CanonicalTypes.FLOAT32;
      case ArrowType.Decimal decimal -> {
        if (decimal.getPrecision() > 38 || decimal.getScale() < 0) {
          throw unsupported(foreign);
        }
        yield CanonicalTypes.decimal(decimal.getPrecision(), decimal.getScale());
      }
      case ArrowType.LargeUtf8 ignored -> CanonicalTypes.UTF8;
      case ArrowType.Utf8View ignored -> CanonicalTypes.UTF8;
      case ArrowType.LargeBinary ignored -> CanonicalTypes.BINARY;
      case ArrowType.BinaryView ignored -> CanonicalTypes.BINARY;
      case ArrowType.LargeList ignored -> ArrowType.List.INSTANCE;
      case ArrowType.Date date ->
          date.getUnit() == DateUnit.DAY ? CanonicalTypes.DATE32 : CanonicalTypes.TIMESTAMP;
      case ArrowType.Time ignored -> CanonicalTypes.TIME64;
      case ArrowType.Timestamp timestamp -> {
        boolean nanos = timestamp.getUnit() == TimeUnit.NANOSECOND;
        if (timestamp.getTimezone() == null) {
          yield nanos ? CanonicalTypes.TIMESTAMP_NANOS : CanonicalTypes.TIMESTAMP;
        }
        yield nanos ? CanonicalTypes.TIMESTAMP_TZ_NANOS : CanonicalTypes.TIMESTAMP_TZ;
      }
      case ArrowType.Interval interval ->
          interval.getUnit() == IntervalUnit.YEAR_MONTH
              ? CanonicalTypes.INTERVAL_YEAR_MONTH
              : CanonicalTypes.INTERVAL_MONTH_DAY_NANO;
      case ArrowType.Duration ignored -> CanonicalTypes.INTERVAL_MONTH_DAY_NANO;
      case ArrowType.Null same -> same;
      case ArrowType.Bool same -> same;
      case ArrowType.Utf8 same -> same;
      case ArrowType.Binary same -> same;
      case ArrowType.FixedSizeBinary same -> same;
      case ArrowType.List same -> same;
      case ArrowType.FixedSizeList same -> same;
      case ArrowType.Struct same -> same;
      case ArrowType.Map ignored -> new ArrowType.Map(false);
      default -> throw unsupported(foreign);
    };
  }

  private static ArrowType integer(ArrowType.Int integer) {
    int bits = integer.getIsSigned() ? integer.getBitWidth() : 2 * integer.getBitWidth();
    return switch (bits) {
      case 8 -> CanonicalTypes.INT8;
      case 16 -> CanonicalTypes.INT16;
      case 32 -> CanonicalTypes.INT32;
      case 64 -> CanonicalTypes.INT64;
      default -> CanonicalTypes.decimal(20, 0);
    };
  }

  private static KeldaException unsupported(Field foreign) {
    return new KeldaException(
        ErrorCode.NOT_SUPPORTED,
        "column \"%s\" has the Arrow type %s, which Kelda does not have"
            .formatted(foreign.getName(), foreign.getType()));
  }
}
