package dev.kelda.planner.function;

import org.apache.calcite.sql.SqlAggFunction;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlSyntax;
import org.apache.calcite.sql.fun.SqlBasicAggFunction;
import org.apache.calcite.util.Optionality;

/** Makes the operator of an aggregate function of the registry. */
final class RegisteredAggregate {
  private RegisteredAggregate() {}

  static SqlAggFunction of(FunctionInfo function, String name) {
    SignatureTypes types = new SignatureTypes(function, name);
    SqlBasicAggFunction aggregate =
        SqlBasicAggFunction.create(name, SqlKind.OTHER_FUNCTION, types.result(), types);
    return function.ordered()
        ? aggregate
            .withSyntax(SqlSyntax.ORDERED_FUNCTION)
            .withGroupOrder(Optionality.OPTIONAL)
            .withAllowsNullTreatment(true)
        : aggregate;
  }
}
