package dev.kelda.planner.validate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlWindow;
import org.apache.calcite.sql.fun.SqlCase;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.sql.util.SqlBasicVisitor;
import org.apache.calcite.sql.validate.SqlValidatorScope;
import org.apache.calcite.util.Util;

/**
 * What a bare {@code ?} is, from what stands beside it: the type of the other operands of a
 * comparison, list or CASE, a number in arithmetic, what a function wants. Calcite's own inference
 * asks for types of lists and branches before they have one. What stays open here is inferred by
 * Calcite, and is a text at last.
 */
final class ParameterTypes {
  private static final Set<SqlKind> SORTS =
      EnumSet.of(SqlKind.DESCENDING, SqlKind.NULLS_FIRST, SqlKind.NULLS_LAST);

  private final QueryValidator validator;
  private final SqlValidatorScope scope;
  private final RelDataTypeFactory types;

  ParameterTypes(QueryValidator validator, SqlValidatorScope scope) {
    this.validator = validator;
    this.scope = scope;
    this.types = validator.getTypeFactory();
  }

  static boolean anyIn(SqlNode node) {
    try {
      node.accept(
          new SqlBasicVisitor<Void>() {
            @Override
            public Void visit(SqlDynamicParam parameter) {
              throw Util.FoundOne.NULL;
            }
          });
      return false;
    } catch (Util.FoundOne found) {
      return true;
    }
  }

  static Set<Integer> indexesIn(SqlNode node) {
    Set<Integer> indexes = new HashSet<>();
    node.accept(
        new SqlBasicVisitor<Void>() {
          @Override
          public Void visit(SqlDynamicParam parameter) {
            indexes.add(parameter.getIndex());
            return null;
          }
        });
    return indexes;
  }

  /** Settles the parameters below an expression, innermost first; sub-queries settle their own. */
  void settle(SqlNode node) {
    if (node instanceof SqlNodeList list) {
      list.forEach(this::settle);
      return;
    }
    if (!(node instanceof SqlCall call)
        || call.isA(SqlKind.QUERY)
        || call instanceof SqlWindow
        || !anyIn(call)) {
      return;
    }
    operands(call).forEach(this::settle);
    switch (call.getKind()) {
      case EQUALS,
          NOT_EQUALS,
          LESS_THAN,
          LESS_THAN_OR_EQUAL,
          GREATER_THAN,
          GREATER_THAN_OR_EQUAL,
          IS_DISTINCT_FROM,
          IS_NOT_DISTINCT_FROM,
          BETWEEN,
          IN,
          NOT_IN,
          GREATEST,
          LEAST -> {
        alike(operands(call));
        assumeAll(operands(call), SqlTypeName.VARCHAR);
      }
      case ARRAY_VALUE_CONSTRUCTOR -> {
        alike(operands(call));
        assumeAll(operands(call), SqlTypeName.VARCHAR);
      }
      case CASE -> branches((SqlCase) call);
      case AND, OR, NOT -> operands(call).forEach(o -> push(o, type(SqlTypeName.BOOLEAN)));
      case PLUS, MINUS, TIMES, DIVIDE -> arithmetic(call, SqlTypeName.DOUBLE);
      case MOD -> arithmetic(call, SqlTypeName.BIGINT);
      case MINUS_PREFIX, PLUS_PREFIX -> assume(call.operand(0), SqlTypeName.DOUBLE);
      case EXTRACT -> push(call.operand(1), type(SqlTypeName.TIMESTAMP));
      case SAFE_CAST -> push(call.operand(0), type(SqlTypeName.VARCHAR));
      case ITEM -> item(call);
      case LAG, LEAD -> shift(call);
      case NTILE, NTH_VALUE -> operands(call).forEach(o -> push(o, type(SqlTypeName.INTEGER)));
      case FLOOR, CEIL, SUM, AVG, STDDEV_POP, STDDEV_SAMP, VAR_POP, VAR_SAMP ->
          assume(call.operand(0), SqlTypeName.DOUBLE);
      case INTERVAL -> assume(call.operand(0), SqlTypeName.BIGINT);
      case PERCENTILE_CONT, PERCENTILE_DISC -> push(call.operand(0), type(SqlTypeName.DOUBLE));
      case SOME, ALL -> element(call);
      default -> byName(call);
    }
  }

  /** The bounds of a frame: a number of rows, or a distance between values of the order. */
  void settleFrame(SqlWindow window) {
    for (SqlNode bound : Arrays.asList(window.getLowerBound(), window.getUpperBound())) {
      if (bound instanceof SqlCall call && call.operandCount() == 1) {
        settle(call);
        push(call.operand(0), distance(window));
      }
    }
  }

  private RelDataType distance(SqlWindow window) {
    SqlNodeList order = window.getOrderList();
    if (window.isRows() || order.size() != 1) {
      return type(SqlTypeName.BIGINT);
    }
    SqlNode key = order.get(0);
    while (SORTS.contains(key.getKind())) {
      key = ((SqlCall) key).operand(0);
    }
    return typeOf(key).filter(SqlTypeUtil::isNumeric).orElseGet(() -> type(SqlTypeName.BIGINT));
  }

  /** The rows of VALUES: a column has one type. */
  void settleRows(SqlCall values) {
    operands(values).forEach(row -> operands((SqlCall) row).forEach(this::settle));
    alike(operands(values));
  }

  private void byName(SqlCall call) {
    switch (call.getOperator().getName()) {
      case "SUBSTRING" -> {
        push(call.operand(0), type(SqlTypeName.VARCHAR));
        operands(call).stream().skip(1).forEach(o -> push(o, type(SqlTypeName.INTEGER)));
      }
      case "OVERLAY" -> {
        operands(call).stream().limit(2).forEach(o -> push(o, type(SqlTypeName.VARCHAR)));
        operands(call).stream().skip(2).forEach(o -> push(o, type(SqlTypeName.INTEGER)));
      }
      case "ABS", "SIGN", "SQRT", "EXP", "LN", "LOG10", "POWER" ->
          assumeAll(operands(call), SqlTypeName.DOUBLE);
      case "||" -> {
        alike(operands(call));
        operands(call).forEach(o -> push(o, type(SqlTypeName.VARCHAR)));
      }
      case "%" -> arithmetic(call, SqlTypeName.BIGINT);
      case "TRY_CAST" -> push(call.operand(0), type(SqlTypeName.VARCHAR));
      default -> {}
    }
  }

  private void branches(SqlCase call) {
    Stream<SqlNode> whens = call.getWhenOperands().stream();
    if (call.getValueOperand() == null) {
      whens.forEach(when -> push(when, type(SqlTypeName.BOOLEAN)));
    } else {
      alike(Stream.concat(Stream.of(call.getValueOperand()), whens).toList());
    }
    alike(
        Stream.concat(call.getThenOperands().stream(), Stream.ofNullable(call.getElseOperand()))
            .toList());
  }

  /** All of one type: that of the first whose type is known; rows part by part. */
  private void alike(List<SqlNode> nodes) {
    List<SqlNode> flat = new ArrayList<>();
    for (SqlNode node : nodes) {
      if (node instanceof SqlNodeList list) {
        flat.addAll(list);
      } else {
        flat.add(node);
      }
    }
    Optional<SqlCall> row =
        flat.stream().filter(ParameterTypes::isRow).map(SqlCall.class::cast).findFirst();
    if (row.isPresent()) {
      List<SqlCall> rows =
          flat.stream().filter(ParameterTypes::isRow).map(SqlCall.class::cast).toList();
      for (int i = 0; i < row.get().operandCount(); i++) {
        int part = i;
        alike(
            rows.stream()
                .filter(r -> r.operandCount() > part)
                .map(r -> (SqlNode) r.operand(part))
                .toList());
      }
      return;
    }
    known(flat).ifPresent(type -> flat.forEach(node -> push(node, type)));
  }

  private static boolean isRow(SqlNode node) {
    return node.getKind() == SqlKind.ROW;
  }

  private void arithmetic(SqlCall call, SqlTypeName unknown) {
    SqlNode left = call.operand(0);
    SqlNode right = call.operand(1);
    Optional<RelDataType> other = known(List.of(left, right));
    boolean minus = call.getKind() == SqlKind.MINUS;
    boolean plus = call.getKind() == SqlKind.PLUS;
    RelDataType wanted;
    if (other.isEmpty()) {
      assumeAll(List.of(left, right), unknown);
      return;
    } else if (SqlTypeUtil.isInterval(other.get())) {
      wanted = type(plus || minus ? SqlTypeName.TIMESTAMP : SqlTypeName.BIGINT);
    } else if (SqlTypeUtil.isDate(other.get()) && plus) {
      wanted = type(SqlTypeName.INTEGER);
    } else {
      wanted = other.get();
    }
    push(left, wanted);
    push(right, wanted);
  }

  /** {@code ? = ANY (list)}: of the type of the list's elements. */
  private void element(SqlCall call) {
    if (call.operandCount() == 2
        && call.operand(1) instanceof SqlNodeList list
        && list.size() == 1) {
      typeOf(list.get(0))
          .map(RelDataType::getComponentType)
          .ifPresent(element -> push(call.operand(0), element));
    }
  }

  private void item(SqlCall call) {
    Optional<RelDataType> collection = typeOf(call.operand(0));
    boolean isMap = collection.filter(t -> t.getSqlTypeName() == SqlTypeName.MAP).isPresent();
    push(call.operand(1), isMap ? collection.get().getKeyType() : type(SqlTypeName.INTEGER));
  }

  private void shift(SqlCall call) {
    if (call.operandCount() > 1) {
      push(call.operand(1), type(SqlTypeName.INTEGER));
    }
    if (call.operandCount() > 2) {
      alike(List.of(call.operand(0), call.operand(2)));
    }
  }

  /** Gives an open parameter its type, also below an operator that hands its type down. */
  private void push(SqlNode node, RelDataType type) {
    switch (node) {
      case SqlDynamicParam parameter -> validator.settle(parameter, type);
      case SqlCase call -> {
        call.getThenOperands().forEach(then -> push(then, type));
        if (call.getElseOperand() != null) {
          push(call.getElseOperand(), type);
        }
      }
      case SqlCall call when call.getKind() == SqlKind.CAST_NOT_NULL -> // in what COALESCE becomes
          operands(call).forEach(o -> push(o, type));
      default -> {}
    }
  }

  private void assumeAll(List<SqlNode> nodes, SqlTypeName name) {
    nodes.forEach(node -> assume(node, name));
  }

  private void assume(SqlNode node, SqlTypeName name) {
    if (node instanceof SqlDynamicParam parameter) {
      validator.assume(parameter, type(name));
    }
  }

  private Optional<RelDataType> known(List<SqlNode> nodes) {
    return nodes.stream()
        .filter(node -> !open(node))
        .flatMap(node -> typeOf(node).stream())
        .filter(type -> type.getSqlTypeName() != SqlTypeName.NULL)
        .findFirst();
  }

  private boolean open(SqlNode node) {
    return node instanceof SqlDynamicParam parameter
        ? !validator.isSettled(parameter)
        : node instanceof SqlCall call
            && !call.isA(SqlKind.QUERY)
            && operands(call).stream().anyMatch(this::open);
  }

  private Optional<RelDataType> typeOf(SqlNode node) {
    try {
      RelDataType type = validator.deriveType(scope, node);
      boolean useless =
          type.getSqlTypeName() == SqlTypeName.UNKNOWN
              || type.getSqlTypeName() == SqlTypeName.ANY
              || type.isStruct();
      return useless ? Optional.empty() : Optional.of(type);
    } catch (RuntimeException e) {
      return Optional.empty(); // What is wrong with it is told when it is validated.
    }
  }

  private RelDataType type(SqlTypeName name) {
    return types.createSqlType(name);
  }

  private static List<SqlNode> operands(SqlCall call) {
    return call.getOperandList().stream().filter(o -> o != null).toList();
  }
}
