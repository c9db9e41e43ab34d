package dev.kelda.planner.function;

import dev.kelda.planner.function.FunctionInfo.Volatility;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.parser.SqlParserPos;

/** A scalar function of the registry under one of its names. */
final class RegisteredFunction extends SqlFunction {
  private final FunctionInfo function;

  private RegisteredFunction(FunctionInfo function, String name, SignatureTypes types) {
    super(
        name,
        new SqlIdentifier(name, SqlParserPos.ZERO),
        SqlKind.OTHER_FUNCTION,
        types.result(),
        types.typeInference(),
        types,
        SqlFunctionCategory.USER_DEFINED_FUNCTION);
    this.function = function;
  }

  static RegisteredFunction of(FunctionInfo function, String name) {
    return new RegisteredFunction(function, name, new SignatureTypes(function, name));
  }

  @Override
  public boolean isDeterministic() {
    return function.volatility() != Volatility.VOLATILE;
  }

  /** Stable functions change between statements: plans with them are not reused as results. */
  @Override
  public boolean isDynamicFunction() {
    return function.volatility() == Volatility.STABLE;
  }
}
