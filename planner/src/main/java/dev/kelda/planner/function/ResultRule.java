package dev.kelda.planner.function;

import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.SqlOperatorBinding;
import org.apache.calcite.sql.type.SqlTypeName;

/** Result types that a pattern cannot say. */
enum ResultRule {
  /**
   * Rounding to {@code n} digits: DECIMAL(p, s) becomes DECIMAL(p - s + n + 1, n) for a literal n
   * below s (no n counts as 0), else it gains a digit and keeps its scale; other types stay.
   */
  ROUND {
    @Override
    RelDataType apply(SqlOperatorBinding binding, RelDataTypeFactory factory) {
      RelDataType type = binding.getOperandType(0);
      if (type.getSqlTypeName() != SqlTypeName.DECIMAL) {
        return type;
      }
      int max = factory.getTypeSystem().getMaxPrecision(SqlTypeName.DECIMAL);
      int precision = type.getPrecision();
      int scale = type.getScale();
      int digits = binding.getOperandCount() == 1 ? 0 : literal(binding, 1, scale);
      int kept = digits >= 0 && digits < scale ? digits : scale;
      int grown = Math.min(max, precision - scale + kept + 1);
      return factory.createSqlType(SqlTypeName.DECIMAL, grown, kept);
    }
  },
  /** Like {@link #ROUND} towards zero, so without the extra digit. */
  TRUNCATE {
    @Override
    RelDataType apply(SqlOperatorBinding binding, RelDataTypeFactory factory) {
      RelDataType type = binding.getOperandType(0);
      if (type.getSqlTypeName() != SqlTypeName.DECIMAL) {
        return type;
      }
      int scale = type.getScale();
      int digits = binding.getOperandCount() == 1 ? 0 : literal(binding, 1, scale);
      int kept = digits >= 0 && digits < scale ? digits : scale;
      int precision = Math.max(1, type.getPrecision() - scale + kept);
      return factory.createSqlType(SqlTypeName.DECIMAL, precision, kept);
    }
  };

  abstract RelDataType apply(SqlOperatorBinding binding, RelDataTypeFactory factory);

  private static int literal(SqlOperatorBinding binding, int ordinal, int otherwise) {
    if (!binding.isOperandLiteral(ordinal, false)) {
      return otherwise;
    }
    Integer value = binding.getOperandLiteralValue(ordinal, Integer.class);
    return value == null ? otherwise : value;
  }
}
