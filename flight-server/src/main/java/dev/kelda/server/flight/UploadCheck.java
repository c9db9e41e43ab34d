package dev.kelda.server.flight;

import java.math.BigDecimal;
import java.util.function.IntFunction;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.Decimal256Vector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.Float2Vector;
import org.apache.arrow.vector.ValueVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.MapVector;
import org.apache.arrow.vector.validate.ValidateVectorBufferVisitor;
import org.apache.arrow.vector.validate.ValidateVectorDataVisitor;
import org.apache.arrow.vector.validate.ValidateVectorTypeVisitor;

/**
 * Arrow's full check of a vector and of what is in it, but for what Arrow Java 18.3 refuses: maps,
 * halves, lists of fixed size, and decimals that use all the digits of their type, such as 1.3 in a
 * DECIMAL(2, 1).
 */
final class UploadCheck extends ValidateVectorDataVisitor {
  private static final UploadCheck INSTANCE = new UploadCheck();
  private static final ValidateVectorTypeVisitor TYPES = new Types();

  private UploadCheck() {}

  /**
   * @throws RuntimeException for a vector whose offsets, lengths or values are out of bounds
   */
  static void check(ValueVector vector) {
    vector.accept(TYPES, null);
    vector.accept(new ValidateVectorBufferVisitor(), null);
    vector.accept(INSTANCE, null);
  }

  private static final class Types extends ValidateVectorTypeVisitor {
    @Override
    public Void visit(BaseFixedWidthVector vector, Void unused) {
      return vector instanceof Float2Vector ? null : super.visit(vector, unused);
    }

    @Override
    public Void visit(ListVector vector, Void unused) {
      return vector instanceof MapVector map
          ? map.getDataVector().accept(this, null)
          : super.visit(vector, unused);
    }
  }

  @Override
  public Void visit(FixedSizeListVector vector, Void unused) {
    long elements = (long) vector.getValueCount() * vector.getListSize();
    if (vector.getDataVector().getValueCount() < elements) {
      throw new IllegalArgumentException(
          "column \"%s\" has fewer than %d elements".formatted(vector.getName(), elements));
    }
    return vector.getDataVector().accept(this, null);
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
