package dev.kelda.planner.function;

import java.util.List;
import java.util.stream.Collectors;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.SqlCallBinding;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlOperandCountRange;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlOperatorBinding;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.SqlOperandCountRanges;
import org.apache.calcite.sql.type.SqlOperandTypeChecker;
import org.apache.calcite.sql.type.SqlOperandTypeInference;
import org.apache.calcite.sql.type.SqlReturnTypeInference;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;

/**
 * The registry's signatures as Calcite asks for them. A checked call has arguments of exactly the
 * chosen signature's types: where one differs, the checker wraps it in a CAST.
 */
final class SignatureTypes implements SqlOperandTypeChecker {
  private final FunctionInfo function;
  private final String name;

  SignatureTypes(FunctionInfo function, String name) {
    this.function = function;
    this.name = name;
  }

  @Override
  public boolean checkOperandTypes(SqlCallBinding binding, boolean throwOnFailure) {
    var match = SignatureMatch.best(function.signatures(), binding);
    if (match.isEmpty()) {
      if (throwOnFailure) {
        throw binding.newValidationSignatureError();
      }
      return false;
    }
    for (int i = 0; i < binding.getOperandCount(); i++) {
      RelDataType actual = binding.getOperandType(i);
      RelDataType expected = match.get().arguments().get(i);
      if (!SignatureMatch.unknown(actual) && !sameClass(actual, expected)) {
        cast(binding, i, expected);
      }
    }
    return true;
  }

  private static void cast(SqlCallBinding binding, int ordinal, RelDataType type) {
    SqlNode operand = binding.operand(ordinal);
    SqlParserPos position = operand.getParserPosition();
    SqlNode cast =
        SqlStdOperatorTable.CAST.createCall(
            position, operand, SqlTypeUtil.convertTypeToSpec(type).withNullable(true));
    binding.getCall().setOperand(ordinal, cast);
    binding.getValidator().deriveType(binding.getScope(), cast);
  }

  private static boolean sameClass(RelDataType actual, RelDataType expected) {
    RelDataType element = expected.getComponentType();
    if (element != null) {
      return actual.getComponentType() != null
          && (SignatureMatch.unknown(actual.getComponentType())
              || sameClass(actual.getComponentType(), element));
    }
    return SqlTypeUtil.isDecimal(actual)
            && SqlTypeUtil.isDecimal(expected)
            && actual.getPrecision() == expected.getPrecision()
            && actual.getScale() == expected.getScale()
        || !SqlTypeUtil.isDecimal(actual) && actual.getSqlTypeName() == expected.getSqlTypeName()
        || SqlTypeUtil.inCharFamily(actual) && SqlTypeUtil.inCharFamily(expected)
        || SqlTypeUtil.isBinary(actual) && SqlTypeUtil.isBinary(expected);
  }

  @Override
  public SqlOperandCountRange getOperandCountRange() {
    int min = function.signatures().stream().mapToInt(Signature::min).min().orElse(0);
    boolean open = function.signatures().stream().anyMatch(s -> s.max() < 0);
    int max = function.signatures().stream().mapToInt(Signature::max).max().orElse(0);
    return open ? SqlOperandCountRanges.from(min) : SqlOperandCountRanges.between(min, max);
  }

  @Override
  public String getAllowedSignatures(SqlOperator op, String opName) {
    return function.signatures().stream()
        .map(s -> s.describe(name))
        .collect(Collectors.joining("\n"));
  }

  @Override
  public SqlOperandTypeInference typeInference() {
    return (binding, returnType, operandTypes) -> {
      List<Signature> fitting =
          function.signatures().stream()
              .filter(signature -> signature.accepts(binding.getOperandCount()))
              .toList();
      inferUnknown(fitting, binding, operandTypes);
    };
  }

  private static void inferUnknown(
      List<Signature> signatures, SqlCallBinding binding, RelDataType[] operandTypes) {
    RelDataTypeFactory factory = binding.getTypeFactory();
    SignatureMatch.best(signatures, binding)
        .ifPresent(
            match -> {
              for (int i = 0; i < operandTypes.length; i++) {
                RelDataType type = match.arguments().get(i);
                operandTypes[i] =
                    SignatureMatch.unknown(type)
                        ? factory.createSqlType(SqlTypeName.VARCHAR)
                        : factory.createTypeWithNullability(type, true);
              }
            });
  }

  /** The result type with its nullability. */
  SqlReturnTypeInference result() {
    return binding -> {
      RelDataType type =
          SignatureMatch.best(function.signatures(), binding)
              .map(SignatureMatch::result)
              .orElseThrow(() -> mismatch(binding));
      return binding.getTypeFactory().createTypeWithNullability(type, nullable(binding));
    };
  }

  private boolean nullable(SqlOperatorBinding binding) {
    return switch (function.nulls()) {
      case MAYBE -> true;
      case NEVER -> false;
      case PROPAGATE -> {
        for (RelDataType type : binding.collectOperandTypes()) {
          if (type.isNullable()) {
            yield true;
          }
        }
        yield false;
      }
    };
  }

  private RuntimeException mismatch(SqlOperatorBinding binding) {
    if (binding instanceof SqlCallBinding call) {
      return call.newValidationSignatureError();
    }
    return new IllegalStateException(
        "no signature of " + name + " takes " + binding.collectOperandTypes());
  }
}
