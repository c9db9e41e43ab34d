package dev.kelda.planner.validate;

import java.math.RoundingMode;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rel.type.RelDataTypeSystemImpl;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;

/** Precisions and the result types of arithmetic and aggregates. */
final class KeldaTypeSystem extends RelDataTypeSystemImpl {
  static final KeldaTypeSystem INSTANCE = new KeldaTypeSystem();
  private static final int MAX_DECIMAL = 38;

  private KeldaTypeSystem() {}

  @Override
  public int getMaxPrecision(SqlTypeName type) {
    return switch (type) {
      case DECIMAL -> MAX_DECIMAL;
      case TIMESTAMP, TIMESTAMP_TZ, TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIME -> 9;
      case VARCHAR, CHAR, VARBINARY, BINARY -> Integer.MAX_VALUE;
      default -> type.isSpecial() || !isInterval(type) ? super.getMaxPrecision(type) : 18;
    };
  }

  @Override
  public int getMaxScale(SqlTypeName type) {
    return type == SqlTypeName.DECIMAL
        ? MAX_DECIMAL
        : isInterval(type) ? 9 : super.getMaxScale(type);
  }

  @Override
  public int getDefaultPrecision(SqlTypeName type) {
    return switch (type) {
      case TIMESTAMP, TIMESTAMP_TZ, TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIME -> 6;
      default -> isInterval(type) ? 18 : super.getDefaultPrecision(type);
    };
  }

  @Override
  public RoundingMode roundingMode() {
    return RoundingMode.HALF_UP;
  }

  /** SUM never overflows where a wider type exists. */
  @Override
  public RelDataType deriveSumType(RelDataTypeFactory factory, RelDataType argument) {
    RelDataType sum =
        switch (argument.getSqlTypeName()) {
          case TINYINT, SMALLINT, INTEGER -> factory.createSqlType(SqlTypeName.BIGINT);
          case BIGINT -> factory.createSqlType(SqlTypeName.DECIMAL, MAX_DECIMAL, 0);
          case DECIMAL ->
              factory.createSqlType(SqlTypeName.DECIMAL, MAX_DECIMAL, argument.getScale());
          case REAL, FLOAT, DOUBLE -> factory.createSqlType(SqlTypeName.DOUBLE);
          default -> argument;
        };
    return factory.createTypeWithNullability(sum, argument.isNullable());
  }

  @Override
  public RelDataType deriveAvgAggType(RelDataTypeFactory factory, RelDataType argument) {
    RelDataType average =
        SqlTypeUtil.isNumeric(argument) ? factory.createSqlType(SqlTypeName.DOUBLE) : argument;
    return factory.createTypeWithNullability(average, argument.isNullable());
  }

  @Override
  public RelDataType deriveCovarType(
      RelDataTypeFactory factory, RelDataType argument0, RelDataType argument1) {
    return factory.createTypeWithNullability(
        factory.createSqlType(SqlTypeName.DOUBLE),
        argument0.isNullable() || argument1.isNullable());
  }

  /** A decimal divided, or dividing, is a DOUBLE; integers divide to integers. */
  @Override
  public RelDataType deriveDecimalDivideType(
      RelDataTypeFactory factory, RelDataType type1, RelDataType type2) {
    boolean decimals =
        SqlTypeUtil.isExactNumeric(type1)
            && SqlTypeUtil.isExactNumeric(type2)
            && (SqlTypeUtil.isDecimal(type1) || SqlTypeUtil.isDecimal(type2));
    return decimals ? factory.createSqlType(SqlTypeName.DOUBLE) : null;
  }

  @Override
  public boolean isSchemaCaseSensitive() {
    return true;
  }

  @Override
  public boolean shouldConvertRaggedUnionTypesToVarying() {
    return true;
  }

  static boolean isInterval(SqlTypeName type) {
    return SqlTypeName.INTERVAL_TYPES.contains(type);
  }
}
