package dev.kelda.server.flight;

import java.math.BigDecimal;
import java.util.function.IntFunction;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.Decimal256Vector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.ValueVector;
import org.apache.arrow.vector.util.ValueVectorUtility;
import org.apache.arrow.vector.validate.ValidateVectorDataVisitor;

/**
 * Arrow's full check of a vector and of what is in it, but for decimals: Arrow Java 18.3 refuses
 * those that use all the digits of their type, such as 1.3 in a DECIMAL(2, 1).
 */
final class UploadCheck extends ValidateVectorDataVisitor {
  private static final UploadCheck INSTANCE = new UploadCheck();

  private UploadCheck() {}

  /**
   * @throws RuntimeException for a vector whose offsets, lengths or values are out of bounds
   */
  static void check(ValueVector vector) {
    ValueVectorUtility.validate(vector);
    vector.accept(INSTANCE, null);
  }

  @Override
  public Void visit(BaseFixedWidthVector vector, Void unused) {
    return switch (vector) {
      case DecimalVector decimals ->
          requireDigits(decimals, decimals.getPrecision(), decimals::getObject);
      case Decimal256Vector decimals ->
          requireDigits(decimals, decimals.getPrecision(), decimals::getObject);
      default -> super.visit(vector, unused);
    };
  }

  private static Void requireDigits(
      BaseFixedWidthVector vector, int digits, IntFunction<BigDecimal> value) {
    for (int row = 0; row < vector.getValueCount(); row++) {
      if (!vector.isNull(row) && value.apply(row).precision() > digits) {
        throw new IllegalArgumentException(
            "row %d of column \"%s\" has more than %d digits"
                .formatted(row, vector.getName(), digits));
      }
    }
    return null;
  }
}
