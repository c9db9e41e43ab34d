package dev.kelda.planner.search;

import static java.util.Objects.requireNonNull;

import dev.kelda.planner.validate.KeldaTypeFactory;
import dev.kelda.planner.validate.ValidationErrors;
import dev.kelda.spi.connector.Search;
import dev.kelda.spi.connector.Search.Branch;
import dev.kelda.spi.error.ErrorCode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlCallBinding;
import org.apache.calcite.sql.SqlFunction;
import org.apache.calcite.sql.SqlFunctionCategory;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNumericLiteral;
import org.apache.calcite.sql.SqlOperandCountRange;
import org.apache.calcite.sql.SqlOperatorBinding;
import org.apache.calcite.sql.type.OperandTypes;
import org.apache.calcite.sql.type.SqlOperandCountRanges;
import org.apache.calcite.sql.type.SqlOperandTypeInference;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.sql.validate.SqlValidator;
import org.apache.calcite.sql.validate.SqlValidatorScope;

/**
 * Marks the SELECT that stands for a search until it is converted. Operands: the query of each
 * branch, then the counts. Its value is the first column that the search adds.
 */
public final class SearchOperator extends SqlFunction {
  /** The greatest {@code top_k}. */
  public static final int MOST_ROWS = 100_000;

  private final Search search;
  private final List<Integer> columns;
  private final Optional<Rows> addressed;
  private final List<Optional<Integer>> counts;

  /**
   * Where rows are found again by their address.
   *
   * @param key of the table in the snapshot
   * @param width its columns without those that say where a row is
   */
  public record Rows(String key, int width) {
    public Rows {
      requireNonNull(key, "key is null");
    }
  }

  /**
   * @param columns of each branch's column in the rows, -1 where it has several or an index
   * @param counts operands that count, of each branch and then of the fusion
   */
  SearchOperator(
      Search search,
      List<Integer> columns,
      Optional<Rows> addressed,
      List<Optional<Integer>> counts) {
    super(
        "$SEARCH",
        SqlKind.OTHER_FUNCTION,
        null,
        null,
        OperandTypes.VARIADIC,
        SqlFunctionCategory.SYSTEM);
    this.search = requireNonNull(search, "search is null");
    this.columns = List.copyOf(columns);
    this.addressed = requireNonNull(addressed, "addressed is null");
    this.counts = List.copyOf(counts);
  }

  public Search search() {
    return search;
  }

  List<Integer> columns() {
    return columns;
  }

  Optional<Rows> addressed() {
    return addressed;
  }

  List<Optional<Integer>> counts() {
    return counts;
  }

  @Override
  public boolean isDeterministic() {
    return false;
  }

  @Override
  public SqlOperandCountRange getOperandCountRange() {
    return SqlOperandCountRanges.any();
  }

  @Override
  public RelDataType inferReturnType(SqlOperatorBinding binding) {
    return binding.getTypeFactory().createSqlType(SqlTypeName.DOUBLE);
  }

  @Override
  public SqlOperandTypeInference getOperandTypeInference() {
    return (binding, type, operands) -> {
      for (int i = 0; i < operands.length; i++) {
        operands[i] = wanted(i, binding.getTypeFactory());
      }
    };
  }

  private RelDataType wanted(int operand, RelDataTypeFactory types) {
    if (operand >= search.branches().size()) {
      return types.createSqlType(SqlTypeName.BIGINT);
    }
    return search.branches().get(operand).measure().ofVectors()
        ? vector((KeldaTypeFactory) types)
        : types.createTypeWithNullability(types.createSqlType(SqlTypeName.VARCHAR), true);
  }

  /** What queries by vectors are cast to. */
  static RelDataType vector(RelDataTypeFactory types) {
    RelDataType element =
        types.createTypeWithNullability(types.createSqlType(SqlTypeName.REAL), true);
    return types.createTypeWithNullability(types.createArrayType(element, -1), true);
  }

  /** This operator is known to no table of operators. */
  @Override
  public RelDataType deriveType(SqlValidator validator, SqlValidatorScope scope, SqlCall call) {
    List<SqlNode> operands = new ArrayList<>(call.getOperandList());
    operands.forEach(operand -> validator.deriveType(scope, operand));
    SqlCallBinding binding = new SqlCallBinding(validator, scope, call);
    for (int i = 0; i < operands.size(); i++) {
      check(i, binding.getOperandType(i), operands.get(i));
    }
    return inferReturnType(binding);
  }

  private void check(int operand, RelDataType type, SqlNode node) {
    if (operand >= search.branches().size()) {
      checkCount(node);
      return;
    }
    boolean open =
        node.getKind() == SqlKind.DYNAMIC_PARAM
            || type.getSqlTypeName() == SqlTypeName.NULL
            || type.getSqlTypeName() == SqlTypeName.UNKNOWN;
    if (open) {
      return;
    }
    Branch branch = search.branches().get(operand);
    boolean fits =
        branch.measure().ofVectors()
            ? SqlTypeUtil.isArray(type) && isNumber(type.getComponentType())
            : SqlTypeUtil.isCharacter(type);
    if (!fits) {
      throw mismatch(
          branch.measure().ofVectors()
              ? "the query must be an array of numbers, not %s".formatted(type)
              : "the query must be a text, not %s".formatted(type),
          node);
    }
  }

  private static void checkCount(SqlNode node) {
    if (node.getKind() == SqlKind.DYNAMIC_PARAM) {
      return;
    }
    boolean fits =
        node instanceof SqlNumericLiteral number
            && number.isInteger()
            && number.bigDecimalValue().signum() > 0
            && number.bigDecimalValue().compareTo(BigDecimal.valueOf(MOST_ROWS)) <= 0;
    if (!fits) {
      throw ValidationErrors.at(
          ErrorCode.INVALID_ARGUMENT,
          "top_k must be a number from 1 to %d, or ?, not %s".formatted(MOST_ROWS, node),
          node);
    }
  }

  private static boolean isNumber(RelDataType element) {
    return SqlTypeUtil.isNumeric(element) || element.getSqlTypeName() == SqlTypeName.NULL;
  }

  private static RuntimeException mismatch(String message, SqlNode node) {
    return ValidationErrors.at(ErrorCode.TYPE_MISMATCH, message, node);
  }
}
