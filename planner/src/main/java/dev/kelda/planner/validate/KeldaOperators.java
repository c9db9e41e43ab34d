package dev.kelda.planner.validate;

import java.util.List;
import java.util.Optional;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.SqlBinaryOperator;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlCallBinding;
import org.apache.calcite.sql.SqlDataTypeSpec;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.SqlOperatorBinding;
import org.apache.calcite.sql.SqlOperatorTable;
import org.apache.calcite.sql.SqlSpecialOperator;
import org.apache.calcite.sql.SqlSyntax;
import org.apache.calcite.sql.fun.SqlCastFunction;
import org.apache.calcite.sql.fun.SqlLibraryOperators;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.type.InferTypes;
import org.apache.calcite.sql.type.OperandTypes;
import org.apache.calcite.sql.type.ReturnTypes;
import org.apache.calcite.sql.type.SqlTypeFamily;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.sql.validate.SqlNameMatcher;
import org.apache.calcite.sql.validate.SqlValidator;
import org.apache.calcite.sql.validate.SqlValidatorScope;

/**
 * Plus and minus as PostgreSQL and DuckDB have them, with dates and days; a remainder of the wider
 * of two integer types, where Calcite's has the divisor's.
 */
public final class KeldaOperators {
  /**
   * date - date = days, timestamp - timestamp = interval, date - 7 = date, date - hours =
   * timestamp; else as Calcite.
   */
  static final SqlBinaryOperator MINUS =
      new SqlBinaryOperator(
          "-",
          SqlKind.MINUS,
          40,
          true,
          KeldaOperators::minusType,
          InferTypes.FIRST_KNOWN,
          OperandTypes.MINUS_OPERATOR
              .or(OperandTypes.family(SqlTypeFamily.DATETIME, SqlTypeFamily.DATETIME))
              .or(OperandTypes.family(SqlTypeFamily.DATE, SqlTypeFamily.INTEGER)));

  /** date + 7 = date, date + hours = timestamp; else as Calcite. */
  static final SqlBinaryOperator PLUS =
      new SqlBinaryOperator(
          "+",
          SqlKind.PLUS,
          40,
          true,
          KeldaOperators::plusType,
          InferTypes.FIRST_KNOWN,
          OperandTypes.PLUS_OPERATOR
              .or(OperandTypes.family(SqlTypeFamily.DATE, SqlTypeFamily.INTEGER))
              .or(OperandTypes.family(SqlTypeFamily.INTEGER, SqlTypeFamily.DATE)));

  static final SqlBinaryOperator REMAINDER =
      new SqlBinaryOperator(
          "%",
          SqlKind.MOD,
          60,
          true,
          KeldaOperators::remainderType,
          null,
          OperandTypes.EXACT_NUMERIC_EXACT_NUMERIC);

  static final SqlFunction MOD =
      new SqlFunction(
          "MOD",
          SqlKind.MOD,
          KeldaOperators::remainderType,
          null,
          OperandTypes.EXACT_NUMERIC_EXACT_NUMERIC,
          SqlFunctionCategory.NUMERIC);

  /** {@code []}, of elements that are NULL: whatever stands beside it says more. */
  static final SqlOperator EMPTY_ARRAY =
      new SqlSpecialOperator(
          "ARRAY",
          SqlKind.OTHER_FUNCTION,
          100,
          false,
          b -> {
            RelDataTypeFactory types = b.getTypeFactory();
            return types.createArrayType(types.createSqlType(SqlTypeName.NULL), -1);
          },
          null,
          OperandTypes.NILADIC) {
        @Override
        public RelDataType deriveType(
            SqlValidator validator, SqlValidatorScope scope, SqlCall call) {
          return inferReturnType(new SqlCallBinding(validator, scope, call));
        }
      };

  /** Lists, structs and maps as texts, which Calcite has no CAST for. */
  static final SqlFunction CAST_AS_TEXT =
      new SqlCastFunction() {
        @Override
        public RelDataType deriveType(
            SqlValidator validator, SqlValidatorScope scope, SqlCall call) {
          RelDataType text = ((SqlDataTypeSpec) call.operand(1)).deriveType(validator);
          boolean nullable = validator.deriveType(scope, call.operand(0)).isNullable();
          return validator.getTypeFactory().createTypeWithNullability(text, nullable);
        }
      };

  static final SqlFunction DATE_DIFF_DAYS =
      function("DATE_DIFF_DAYS", b -> b.getTypeFactory().createSqlType(SqlTypeName.INTEGER));
  static final SqlFunction TIMESTAMP_DIFF =
      function("TIMESTAMP_MINUS", b -> interval(b.getTypeFactory()));

  private KeldaOperators() {}

  /** Ids of the operators that exist only here. */
  public static Optional<String> id(SqlOperator operator) {
    if (operator == DATE_DIFF_DAYS) {
      return Optional.of("date_diff_days");
    }
    if (operator == MOD) {
      return Optional.of("modulo");
    }
    if (operator == NthValue.INSTANCE) {
      return Optional.of("nth_value");
    }
    if (operator == EMPTY_ARRAY) {
      return Optional.of("array");
    }
    return operator == TIMESTAMP_DIFF ? Optional.of("timestamp_diff") : Optional.empty();
  }

  /** The table with the operators of this class in the places of its own. */
  public static SqlOperatorTable in(SqlOperatorTable table) {
    return new SqlOperatorTable() {
      @Override
      public void lookupOperatorOverloads(
          SqlIdentifier name,
          org.apache.calcite.sql.SqlFunctionCategory category,
          SqlSyntax syntax,
          List<SqlOperator> found,
          SqlNameMatcher matcher) {
        if (name.isSimple() && name.getSimple().equalsIgnoreCase("TRY_CAST")) {
          found.add(SqlLibraryOperators.TRY_CAST);
        } else if (name.isSimple() && name.getSimple().equalsIgnoreCase("SAFE_CAST")) {
          found.add(SqlLibraryOperators.SAFE_CAST);
        } else if (syntax == SqlSyntax.BINARY && name.isSimple() && name.getSimple().equals("-")) {
          found.add(MINUS);
        } else if (syntax == SqlSyntax.BINARY && name.isSimple() && name.getSimple().equals("+")) {
          found.add(PLUS);
        } else if (syntax == SqlSyntax.BINARY && name.isSimple() && name.getSimple().equals("%")) {
          found.add(REMAINDER);
        } else if (name.isSimple() && name.getSimple().equalsIgnoreCase("MOD")) {
          found.add(MOD);
        } else if (name.isSimple() && name.getSimple().equalsIgnoreCase("NTH_VALUE")) {
          found.add(NthValue.INSTANCE);
        } else {
          table.lookupOperatorOverloads(name, category, syntax, found, matcher);
        }
      }

      @Override
      public List<SqlOperator> getOperatorList() {
        return table.getOperatorList();
      }
    };
  }

  private static SqlFunction function(
      String name, org.apache.calcite.sql.type.SqlReturnTypeInference type) {
    return new SqlFunction(
        name,
        SqlKind.OTHER_FUNCTION,
        type.andThen(org.apache.calcite.sql.type.SqlTypeTransforms.TO_NULLABLE),
        null,
        OperandTypes.family(SqlTypeFamily.DATETIME, SqlTypeFamily.DATETIME),
        SqlFunctionCategory.TIMEDATE);
  }

  private static RelDataType minusType(SqlOperatorBinding binding) {
    RelDataTypeFactory types = binding.getTypeFactory();
    RelDataType left = binding.getOperandType(0);
    RelDataType right = binding.getOperandType(1);
    boolean nullable = left.isNullable() || right.isNullable();
    if (SqlTypeUtil.isDatetime(left) && SqlTypeUtil.isDatetime(right)) {
      boolean days = isDate(left) && isDate(right);
      return types.createTypeWithNullability(
          days ? types.createSqlType(SqlTypeName.INTEGER) : interval(types), nullable);
    }
    if (isDate(left) && SqlTypeUtil.isIntType(right)) {
      return types.createTypeWithNullability(left, nullable);
    }
    if (isDate(left) && hasTime(right)) {
      return timestamp(types, nullable);
    }
    return SqlTypeUtil.isDatetime(left)
        ? types.createTypeWithNullability(left, nullable)
        : ReturnTypes.NULLABLE_SUM.inferReturnType(binding);
  }

  private static RelDataType plusType(SqlOperatorBinding binding) {
    RelDataTypeFactory types = binding.getTypeFactory();
    RelDataType left = binding.getOperandType(0);
    RelDataType right = binding.getOperandType(1);
    boolean nullable = left.isNullable() || right.isNullable();
    if (isDate(left) && SqlTypeUtil.isIntType(right)) {
      return types.createTypeWithNullability(left, nullable);
    }
    if (isDate(right) && SqlTypeUtil.isIntType(left)) {
      return types.createTypeWithNullability(right, nullable);
    }
    if (isDate(left) && hasTime(right) || isDate(right) && hasTime(left)) {
      return timestamp(types, nullable);
    }
    return SqlStdOperatorTable.PLUS.inferReturnType(binding);
  }

  private static RelDataType remainderType(SqlOperatorBinding binding) {
    RelDataTypeFactory types = binding.getTypeFactory();
    List<RelDataType> operands = binding.collectOperandTypes();
    if (operands.stream().allMatch(SqlTypeUtil::isIntType)) {
      return types.leastRestrictive(operands);
    }
    RelDataType left = types.decimalOf(operands.get(0));
    RelDataType right = types.decimalOf(operands.get(1));
    return types.createTypeWithNullability(
        types.getTypeSystem().deriveDecimalModType(types, left, right),
        operands.stream().anyMatch(RelDataType::isNullable));
  }

  static boolean isDate(RelDataType type) {
    return type.getSqlTypeName() == SqlTypeName.DATE;
  }

  /** Whether an interval may have a time of day, which a date cannot keep. */
  static boolean hasTime(RelDataType type) {
    return SqlTypeUtil.isInterval(type)
        && !SqlTypeName.YEAR_INTERVAL_TYPES.contains(type.getSqlTypeName())
        && type.getSqlTypeName() != SqlTypeName.INTERVAL_DAY;
  }

  private static RelDataType timestamp(RelDataTypeFactory types, boolean nullable) {
    return types.createTypeWithNullability(types.createSqlType(SqlTypeName.TIMESTAMP), nullable);
  }

  private static RelDataType interval(RelDataTypeFactory types) {
    return ((KeldaTypeFactory) types).createInterval(false);
  }
}
