package dev.kelda.planner.validate;

import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.sql.validate.SqlValidator;
import org.apache.calcite.sql.validate.implicit.TypeCoercionImpl;

/** Calcite's implicit casts, where needed brought to what DuckDB and PostgreSQL do. */
final class KeldaTypeCoercion extends TypeCoercionImpl {
  KeldaTypeCoercion(RelDataTypeFactory factory, SqlValidator validator) {
    super(factory, validator);
  }

  /** A text compared with anything else is read as that. */
  @Override
  public RelDataType commonTypeForBinaryComparison(RelDataType left, RelDataType right) {
    if (left == null || right == null) {
      return null;
    }
    if (SqlTypeUtil.isCharacter(left) && isValue(right)) {
      return factory.createTypeWithNullability(right, left.isNullable() || right.isNullable());
    }
    if (SqlTypeUtil.isCharacter(right) && isValue(left)) {
      return factory.createTypeWithNullability(left, left.isNullable() || right.isNullable());
    }
    return super.commonTypeForBinaryComparison(left, right);
  }

  private static boolean isValue(RelDataType type) {
    return SqlTypeUtil.isDatetime(type)
        || SqlTypeUtil.isNumeric(type)
        || SqlTypeUtil.isBoolean(type)
        || SqlTypeUtil.isInterval(type);
  }
}
