package dev.kelda.planner;

import dev.kelda.planner.encode.Types;
import dev.kelda.planner.validate.KeldaTypeFactory;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;

/** A value on its way into a table's column. */
public final class Assignments {
  private Assignments() {}

  /**
   * The value as the column's type.
   *
   * @throws KeldaException TYPE_MISMATCH
   */
  public static RexNode cast(RexNode value, Field column, RexBuilder rex) {
    RelDataType type = Types.toSql((KeldaTypeFactory) rex.getTypeFactory(), column);
    RelDataType from = value.getType();
    boolean castable =
        from.getSqlTypeName() == SqlTypeName.NULL || SqlTypeUtil.canCastFrom(type, from, true);
    if (!castable) {
      throw new KeldaException(
          ErrorCode.TYPE_MISMATCH,
          "column \"%s\" of type %s cannot take values of type %s"
              .formatted(column.getName(), type, from));
    }
    return from.equals(type)
        ? value
        : rex.makeCast(
            rex.getTypeFactory().createTypeWithNullability(type, from.isNullable()), value);
  }
}
