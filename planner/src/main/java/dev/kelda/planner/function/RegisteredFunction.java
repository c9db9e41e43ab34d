package dev.kelda.planner.function;

import dev.kelda.planner.function.FunctionInfo.Evaluated;
import dev.kelda.planner.function.FunctionInfo.Volatility;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.fun.SqlCase;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.validate.SqlValidator;

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

  /** Functions that are short for something else become that before they are validated. */
  @Override
  public SqlNode rewriteCall(SqlValidator validator, SqlCall call) {
    if (function.evaluated() != Evaluated.PLANNER) {
      return super.rewriteCall(validator, call);
    }
    if (!getOperandTypeChecker().getOperandCountRange().isValidCount(call.operandCount())) {
      return call;
    }
    SqlParserPos position = call.getParserPosition();
    return switch (function.id()) {
      case "if" ->
          new SqlCase(
              position,
              null,
              SqlNodeList.of(call.operand(0)),
              SqlNodeList.of(call.operand(1)),
              call.operand(2));
      case "ifnull" -> {
        SqlCall coalesce = SqlStdOperatorTable.COALESCE.createCall(position, call.getOperandList());
        yield SqlStdOperatorTable.COALESCE.rewriteCall(validator, coalesce);
      }
      case "typeof" -> call; // its convertlet knows the type
      default -> throw new IllegalStateException("nothing rewrites " + function.id());
    };
  }

  /** Stable functions change between statements: plans with them are not reused as results. */
  @Override
  public boolean isDynamicFunction() {
    return function.volatility() == Volatility.STABLE;
  }
}
