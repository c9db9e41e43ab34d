package dev.kelda.feature.online;

import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.IntervalUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** Bytes of a value of the canonical types of fixed width. */
final class FixedWidths {
  private FixedWidths() {}

  static int of(Field field) {
    return switch (field.getType()) {
      case ArrowType.Int i -> i.getBitWidth() / 8;
      case ArrowType.FloatingPoint f ->
          f.getPrecision() == FloatingPointPrecision.SINGLE ? Float.BYTES : Double.BYTES;
      case ArrowType.Decimal ignored -> 16;
      case ArrowType.Date ignored -> 4;
      case ArrowType.Time ignored -> 8;
      case ArrowType.Timestamp ignored -> 8;
      case ArrowType.Interval i -> i.getUnit() == IntervalUnit.YEAR_MONTH ? 4 : 16;
      case ArrowType.FixedSizeBinary binary -> binary.getByteWidth();
      default -> throw new IllegalArgumentException("not canonical: " + field);
    };
  }
}
