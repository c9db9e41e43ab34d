package dev.kelda.spi.rows;

import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import org.apache.arrow.vector.BaseIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.FixedSizeBinaryVector;
import org.apache.arrow.vector.FloatingPointVector;
import org.apache.arrow.vector.TimeMicroVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.types.pojo.ArrowType;

/** Single values out of vectors of canonical types. */
public final class Cells {
  private Cells() {}

  /**
   * @throws KeldaException NOT_SUPPORTED for a nested value
   */
  public static Scalar scalar(FieldVector vector, int row) {
    ArrowType type = vector.getField().getType();
    return vector.isNull(row) ? Scalar.nullOf(type) : Scalar.of(type, value(vector, row));
  }

  private static Object value(FieldVector vector, int row) {
    return switch (vector) {
      case BitVector v -> v.get(row) == 1;
      case BaseIntVector v -> v.getValueAsLong(row);
      case FloatingPointVector v -> v.getValueAsDouble(row);
      case DecimalVector v -> (BigDecimal) v.getObject(row);
      case VarCharVector v -> new String(v.get(row), StandardCharsets.UTF_8);
      case VarBinaryVector v -> v.get(row);
      case FixedSizeBinaryVector v -> v.get(row);
      case DateDayVector v -> (long) v.get(row);
      case TimeMicroVector v -> v.get(row);
      case TimeStampVector v -> v.get(row);
      default ->
          throw new KeldaException(
              ErrorCode.NOT_SUPPORTED,
              "a constant of type " + TypeNames.of(vector.getField()) + " is not supported");
    };
  }
}
