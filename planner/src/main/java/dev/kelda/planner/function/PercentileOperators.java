package dev.kelda.planner.function;

import org.apache.calcite.sql.SqlAggFunction;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.fun.SqlBasicAggFunction;
import org.apache.calcite.sql.type.OperandTypes;
import org.apache.calcite.sql.type.ReturnTypes;
import org.apache.calcite.sql.type.SqlTypeTransforms;
import org.apache.calcite.util.Optionality;

/**
 * PERCENTILE_CONT, which in Calcite has the type of its values: between 1 and 2 there is 1.5, so
 * here it is DOUBLE.
 */
public final class PercentileOperators {
  public static final SqlAggFunction PERCENTILE_CONT =
      SqlBasicAggFunction.create(
              "PERCENTILE_CONT",
              SqlKind.PERCENTILE_CONT,
              ReturnTypes.DOUBLE.andThen(SqlTypeTransforms.FORCE_NULLABLE),
              OperandTypes.UNIT_INTERVAL_NUMERIC_LITERAL)
          .withGroupOrder(Optionality.MANDATORY)
          .withPercentile(true)
          .withAllowsFraming(false);

  private PercentileOperators() {}
}
