package dev.kelda.planner.function;

import org.apache.calcite.sql.SqlAggFunction;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.fun.SqlBasicAggFunction;
import org.apache.calcite.sql.type.OperandTypes;
import org.apache.calcite.sql.type.ReturnTypes;
import org.apache.calcite.sql.type.SqlTypeTransforms;
import org.apache.calcite.util.Optionality;

/**
 * Functions of a constant that Calcite wants as a literal; here it may be a parameter, and the
 * engine checks its value. PERCENTILE_CONT is DOUBLE besides: between 1 and 2 there is 1.5.
 */
public final class ConstantOperators {
  public static final SqlAggFunction PERCENTILE_CONT =
      SqlBasicAggFunction.create(
              "PERCENTILE_CONT",
              SqlKind.PERCENTILE_CONT,
              ReturnTypes.DOUBLE.andThen(SqlTypeTransforms.FORCE_NULLABLE),
              OperandTypes.NUMERIC)
          .withGroupOrder(Optionality.MANDATORY)
          .withPercentile(true)
          .withAllowsFraming(false);

  public static final SqlAggFunction PERCENTILE_DISC =
      SqlBasicAggFunction.create(
              "PERCENTILE_DISC",
              SqlKind.PERCENTILE_DISC,
              ReturnTypes.PERCENTILE_DISC_CONT,
              OperandTypes.NUMERIC)
          .withGroupOrder(Optionality.MANDATORY)
          .withPercentile(true)
          .withAllowsFraming(false);

  public static final SqlAggFunction NTILE =
      SqlBasicAggFunction.create("NTILE", SqlKind.NTILE, ReturnTypes.INTEGER, OperandTypes.INTEGER)
          .withOver(true)
          .withAllowsFraming(false);

  private ConstantOperators() {}
}
