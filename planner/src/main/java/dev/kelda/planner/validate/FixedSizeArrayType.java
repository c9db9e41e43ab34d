package dev.kelda.planner.validate;

import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.type.ArraySqlType;

/** An array of which every value has the same number of elements, such as an embedding. */
public final class FixedSizeArrayType extends ArraySqlType {
  private final int size;

  FixedSizeArrayType(RelDataType element, int size, boolean nullable) {
    super(element, nullable);
    this.size = size;
    computeDigest();
  }

  public int size() {
    return size;
  }

  @Override
  protected void generateTypeString(StringBuilder text, boolean withDetail) {
    super.generateTypeString(text, withDetail);
    text.append('[').append(size).append(']');
  }

  @Override
  public boolean deepEquals(Object other) {
    return super.deepEquals(other) && ((FixedSizeArrayType) other).size == size;
  }

  @Override
  public int deepHashCode() {
    return 31 * super.deepHashCode() + size;
  }
}
