package dev.kelda.planner.validate;

import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlOperatorBinding;
import org.apache.calcite.sql.fun.SqlNthValueAggFunction;

/** NTH_VALUE is NULL where the frame has fewer rows; Calcite takes it for never NULL. */
final class NthValue extends SqlNthValueAggFunction {
  static final NthValue INSTANCE = new NthValue();

  private NthValue() {
    super(SqlKind.NTH_VALUE);
  }

  @Override
  public RelDataType inferReturnType(SqlOperatorBinding binding) {
    return binding.getTypeFactory().createTypeWithNullability(binding.getOperandType(0), true);
  }
}
