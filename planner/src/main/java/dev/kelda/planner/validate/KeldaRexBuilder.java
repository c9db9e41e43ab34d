package dev.kelda.planner.validate;

import java.math.BigDecimal;
import java.util.List;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;

/**
 * Fields of rows as calls: the type of Calcite's own node is that of the field, even where the row
 * may be NULL, and it is lost when the row's type changes.
 */
public final class KeldaRexBuilder extends RexBuilder {
  public KeldaRexBuilder(RelDataTypeFactory types) {
    super(types);
  }

  @Override
  public RexNode makeFieldAccess(RexNode row, String name, boolean caseSensitive) {
    return asCall(row, super.makeFieldAccess(row, name, caseSensitive));
  }

  @Override
  public RexNode makeFieldAccess(RexNode row, int ordinal) {
    return asCall(row, super.makeFieldAccess(row, ordinal));
  }

  private RexNode asCall(RexNode row, RexNode field) {
    if (!(field instanceof RexFieldAccess access) || row instanceof RexCorrelVariable) {
      return field;
    }
    boolean nullable = row.getType().isNullable() || field.getType().isNullable();
    return makeCall(
        typeFactory.createTypeWithNullability(field.getType(), nullable),
        SqlStdOperatorTable.ITEM,
        List.of(row, makeExactLiteral(BigDecimal.valueOf(access.getField().getIndex() + 1))));
  }
}
