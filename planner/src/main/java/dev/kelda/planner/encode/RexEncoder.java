package dev.kelda.planner.encode;

import dev.kelda.parser.SqlStruct;
import dev.kelda.planner.catalog.Names;
import dev.kelda.planner.function.FunctionRegistry;
import dev.kelda.planner.function.ModuleFunction;
import dev.kelda.planner.proto.Call;
import dev.kelda.planner.proto.Case;
import dev.kelda.planner.proto.Cast;
import dev.kelda.planner.proto.DataType;
import dev.kelda.planner.proto.Expr;
import dev.kelda.planner.proto.FieldAccess;
import dev.kelda.planner.proto.InList;
import dev.kelda.planner.proto.Lambda;
import dev.kelda.planner.proto.Parameter;
import dev.kelda.planner.validate.KeldaOperators;
import dev.kelda.planner.validate.KeldaTypeFactory;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.PlannedFunction;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeFactory;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexCallBinding;
import org.apache.calcite.rex.RexCorrelVariable;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexFieldAccess;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLambda;
import org.apache.calcite.rex.RexLambdaRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUnknownAs;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.fun.SqlLikeOperator;
import org.apache.calcite.sql.fun.SqlQuantifyOperator;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.fun.SqlTrimFunction;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.util.Sarg;

/**
 * Expressions over one input row to the plan's expressions. Operands of comparisons, branches and
 * lists are cast to one type here, so that the engine never has to choose.
 */
final class RexEncoder {
  private static final int MAX_DEPTH = 600;

  /** The engine evaluates a chain of ANDs by recursion: its threads' stacks take twice as many. */
  private static final int MAX_TERMS = 20_000;

  private final RexBuilder rex;
  private final IntUnaryOperator columns;
  private final int width;
  private final Optional<RexCorrelVariable> row;
  private int depth;

  /**
   * @param columns where an input column stands in the row that the engine sees
   * @param width columns of that row
   */
  RexEncoder(RexBuilder rex, IntUnaryOperator columns, int width) {
    this(rex, columns, width, Optional.empty());
  }

  /**
   * @param row a correlation variable whose fields are the row's columns
   */
  RexEncoder(RexBuilder rex, IntUnaryOperator columns, int width, Optional<RexCorrelVariable> row) {
    this.rex = rex;
    this.columns = columns;
    this.width = width;
    this.row = row;
  }

  List<Expr> encodeAll(List<? extends RexNode> nodes) {
    return nodes.stream().map(this::encode).toList();
  }

  Expr encode(RexNode node) {
    if (++depth > MAX_DEPTH) {
      throw new KeldaException(
          ErrorCode.STATEMENT_TOO_COMPLEX,
          "an expression is nested more than " + MAX_DEPTH + " deep");
    }
    try {
      return switch (node) {
        case RexInputRef ref -> column(columns.applyAsInt(ref.getIndex()));
        case RexLiteral literal -> LiteralEncoder.expr(LiteralEncoder.encode(literal));
        case RexDynamicParam parameter -> parameter(parameter);
        case RexFieldAccess access -> fieldAccess(access);
        case RexLambdaRef ref -> column(width + ref.getIndex());
        case RexLambda lambda -> lambda(lambda);
        case RexSubQuery query ->
            throw unsupported("this kind of sub-query (" + query.getKind() + ")");
        case RexOver over -> throw unsupported("a window function in this place");
        case RexCorrelVariable ignored -> throw unsupported("this correlated sub-query");
        case RexCall call -> call(call);
        default -> throw unsupported("the expression " + node);
      };
    } finally {
      depth--;
    }
  }

  /** The node as a value of exactly that type; nullability does not count. */
  Expr encodeAs(RexNode node, RelDataType type) {
    DataType wanted = Types.toProto(type);
    if (node instanceof RexLiteral literal
        && (literal.isNull() || sameKind(literal.getType(), type))) {
      return LiteralEncoder.expr(LiteralEncoder.encode(literal, type));
    }
    Expr expr = encode(node);
    return wanted.equals(Types.toProto(node.getType())) ? expr : cast(expr, wanted, false);
  }

  static Expr column(int ordinal) {
    return Expr.newBuilder().setColumn(ordinal).build();
  }

  static Expr cast(Expr input, DataType type, boolean isTry) {
    return Expr.newBuilder()
        .setCast(Cast.newBuilder().setInput(input).setType(type).setTry(isTry))
        .build();
  }

  static Expr call(String function, DataType type, List<Expr> args) {
    return Expr.newBuilder()
        .setCall(Call.newBuilder().setFunction(function).addAllArgs(args).setType(type))
        .build();
  }

  private static boolean sameKind(RelDataType from, RelDataType to) {
    SqlTypeName f = from.getSqlTypeName();
    SqlTypeName t = to.getSqlTypeName();
    return f == t && f != SqlTypeName.ARRAY && f != SqlTypeName.ROW && f != SqlTypeName.MAP
        || SqlTypeName.EXACT_TYPES.contains(f) && SqlTypeName.APPROX_TYPES.contains(t)
        || SqlTypeName.INT_TYPES.contains(f) && SqlTypeName.EXACT_TYPES.contains(t);
  }

  private Expr parameter(RexDynamicParam parameter) {
    return Expr.newBuilder()
        .setParameter(
            Parameter.newBuilder()
                .setIndex(parameter.getIndex())
                .setType(Types.toProto(parameter.getType())))
        .build();
  }

  private Expr fieldAccess(RexFieldAccess access) {
    RexNode of = access.getReferenceExpr();
    int field = access.getField().getIndex();
    if (of instanceof RexCorrelVariable variable) {
      if (row.isPresent() && row.get().id.equals(variable.id)) {
        return column(columns.applyAsInt(field));
      }
      throw unsupported("this correlated sub-query");
    }
    return Expr.newBuilder()
        .setFieldAccess(FieldAccess.newBuilder().setInput(encode(of)).setOrdinal(field))
        .build();
  }

  /** {@code row['name']} and {@code row[1]}. */
  private Expr field(RexNode of, RexNode which) {
    RelDataType row = of.getType();
    int ordinal = -1;
    if (which instanceof RexLiteral literal && !literal.isNull()) {
      ordinal =
          SqlTypeUtil.inCharFamily(literal.getType())
              ? Names.match(literal.getValueAs(String.class), row.getFieldNames())
                  .map(row.getFieldNames()::indexOf)
                  .orElse(-1)
              : literal.getValueAs(Integer.class) - 1;
    }
    if (ordinal < 0 || ordinal >= row.getFieldCount()) {
      throw new KeldaException(
          ErrorCode.COLUMN_NOT_FOUND,
          "a row with the fields %s has no field %s".formatted(row.getFieldNames(), which));
    }
    return Expr.newBuilder()
        .setFieldAccess(FieldAccess.newBuilder().setInput(encode(of)).setOrdinal(ordinal))
        .build();
  }

  private Expr lambda(RexLambda lambda) {
    Lambda.Builder to = Lambda.newBuilder().setBody(encode(lambda.getExpression()));
    lambda
        .getParameters()
        .forEach(
            p -> to.addParameters(Types.toProtoField(Types.toArrow(p.getName(), p.getType()))));
    return Expr.newBuilder().setLambda(to).build();
  }

  private Expr call(RexCall call) {
    SqlOperator operator = call.getOperator();
    DataType type = Types.toProto(call.getType());
    List<RexNode> args = call.getOperands();
    if (operator instanceof ModuleFunction function) {
      return moduleFunction(function, call, type);
    }
    if (operator == SqlStdOperatorTable.MINUS_DATE) {
      String id = SqlTypeUtil.isInterval(args.get(1).getType()) ? "subtract" : "timestamp_diff";
      return call(id, type, encodeAll(args.subList(0, 2)));
    }
    if (operator instanceof SqlStruct) {
      return call("row", type, encodeAll(args));
    }
    if (operator instanceof SqlQuantifyOperator quantified) {
      return quantified(quantified, call, type);
    }
    switch (call.getKind()) {
      case CAST, REINTERPRET -> {
        return castCall(call, type, false);
      }
      case SAFE_CAST -> {
        return castCall(call, type, true);
      }
      case CASE -> {
        return caseCall(call, type);
      }
      case SEARCH -> {
        return search(call);
      }
      case AND, OR -> {
        return balanced(call.getKind() == SqlKind.AND ? "and" : "or", type, encodeAll(flat(call)));
      }
      case EQUALS,
          NOT_EQUALS,
          LESS_THAN,
          LESS_THAN_OR_EQUAL,
          GREATER_THAN,
          GREATER_THAN_OR_EQUAL,
          IS_DISTINCT_FROM,
          IS_NOT_DISTINCT_FROM,
          NULLIF -> {
        return call(id(operator), type, common(args));
      }
      case COALESCE, GREATEST, LEAST -> {
        return call(id(operator), type, allAs(args, call.getType()));
      }
      case PLUS,
          MINUS,
          TIMES,
          DIVIDE,
          MOD,
          CHECKED_PLUS,
          CHECKED_MINUS,
          CHECKED_TIMES,
          CHECKED_DIVIDE -> {
        return arithmetic(call, type);
      }
      case LIKE, SIMILAR -> {
        boolean negated = operator instanceof SqlLikeOperator like && like.isNegated();
        String id =
            call.getKind() == SqlKind.SIMILAR
                ? "similar_to"
                : operator instanceof SqlLikeOperator like && !like.isCaseSensitive()
                    ? "ilike"
                    : "like";
        Expr match = call(id, type, encodeAll(args));
        return negated ? call("not", type, List.of(match)) : match;
      }
      case TRIM -> {
        return trim(call, type);
      }
      case ITEM -> {
        if (args.getFirst().getType().isStruct()) {
          return field(args.getFirst(), args.get(1));
        }
      }
      case FLOOR, CEIL -> {
        if (args.size() == 2) {
          return call(
              call.getKind() == SqlKind.FLOOR ? "date_trunc" : "date_ceil",
              type,
              List.of(encode(args.get(1)), encode(args.get(0))));
        }
      }
      default -> {}
    }
    boolean listLength =
        !args.isEmpty() && args.getFirst().getType().getSqlTypeName() == SqlTypeName.ARRAY;
    String id = id(operator);
    return call(listLength && id.equals("char_length") ? "cardinality" : id, type, encodeAll(args));
  }

  /** {@code x < ANY (list)}: the value and the elements at one type. */
  private Expr quantified(SqlQuantifyOperator operator, RexCall call, DataType type) {
    RexNode value = call.getOperands().get(0);
    RexNode list = call.getOperands().get(1);
    RelDataType common =
        types().leastRestrictive(List.of(value.getType(), list.getType().getComponentType()));
    if (common == null) {
      throw unsupported("a comparison of %s with %s".formatted(value.getType(), list.getType()));
    }
    String comparison =
        switch (operator.comparisonKind) {
          case EQUALS -> "eq";
          case NOT_EQUALS -> "neq";
          case LESS_THAN -> "lt";
          case LESS_THAN_OR_EQUAL -> "lte";
          case GREATER_THAN -> "gt";
          default -> "gte";
        };
    return call(
        (operator.getKind() == SqlKind.ALL ? "all_" : "any_") + comparison,
        type,
        List.of(encodeAs(value, common), encodeAs(list, types().createArrayType(common, -1))));
  }

  /** What is evaluated is bound already: the id carries it, constants are left out. */
  private Expr moduleFunction(ModuleFunction function, RexCall call, DataType type) {
    PlannedFunction.Bound bound =
        function.bound(RexCallBinding.create(rex.getTypeFactory(), call, List.of()));
    List<Expr> args = new ArrayList<>();
    for (int i = 0; i < call.getOperands().size(); i++) {
      RexNode arg = call.getOperands().get(i);
      if (!bound.dropped().contains(i)) {
        args.add(
            bound
                .arguments()
                .get(i)
                .map(field -> encodeAs(arg, Types.toSql(types(), field)))
                .orElseGet(() -> encode(arg)));
      }
    }
    return call(function.id(bound), type, args);
  }

  private KeldaTypeFactory types() {
    return (KeldaTypeFactory) rex.getTypeFactory();
  }

  static String id(SqlOperator operator) {
    return FunctionRegistry.load()
        .id(operator)
        .or(() -> OperatorIds.of(operator))
        .or(() -> KeldaOperators.id(operator))
        .orElseThrow(() -> unsupported("the function " + operator.getName()));
  }

  private Expr castCall(RexCall call, DataType type, boolean isTry) {
    RexNode input = call.getOperands().get(0);
    if (input instanceof RexLiteral literal && literal.isNull()) {
      return LiteralEncoder.expr(LiteralEncoder.encode(literal, call.getType()));
    }
    boolean fromText = SqlTypeUtil.isCharacter(input.getType());
    if (fromText && call.getType().getComponentType() != null) {
      throw unsupported("a CAST of %s to %s".formatted(input.getType(), call.getType()));
    }
    Expr encoded = encode(input);
    return type.equals(Types.toProto(input.getType())) ? encoded : cast(encoded, type, isTry);
  }

  private Expr caseCall(RexCall call, DataType type) {
    List<RexNode> args = call.getOperands();
    Case.Builder to = Case.newBuilder().setType(type);
    for (int i = 0; i + 1 < args.size(); i += 2) {
      to.addWhensBuilder()
          .setCondition(encode(args.get(i)))
          .setResult(encodeAs(args.get(i + 1), call.getType()));
    }
    to.setOtherwise(encodeAs(args.getLast(), call.getType()));
    return Expr.newBuilder().setCase(to).build();
  }

  private Expr arithmetic(RexCall call, DataType type) {
    List<RexNode> args = call.getOperands();
    String id = id(call.getOperator());
    boolean numbers = args.stream().allMatch(a -> SqlTypeUtil.isNumeric(a.getType()));
    if (!numbers) {
      return call(id, type, encodeAll(args));
    }
    if (SqlTypeUtil.isDecimal(call.getType())) {
      return call(id, type, args.stream().map(this::decimal).toList());
    }
    return call(id, type, allAs(args, call.getType()));
  }

  /** Integers beside decimals become decimals of their width. */
  private Expr decimal(RexNode node) {
    RelDataType type = node.getType();
    return SqlTypeUtil.isIntType(type)
        ? encodeAs(
            node, rex.getTypeFactory().createSqlType(SqlTypeName.DECIMAL, type.getPrecision(), 0))
        : encode(node);
  }

  private Expr trim(RexCall call, DataType type) {
    List<RexNode> args = call.getOperands();
    SqlTrimFunction.Flag flag = ((RexLiteral) args.get(0)).getValueAs(SqlTrimFunction.Flag.class);
    String id =
        switch (flag) {
          case BOTH -> "trim";
          case LEADING -> "ltrim";
          case TRAILING -> "rtrim";
        };
    return call(id, type, List.of(encode(args.get(2)), encode(args.get(1))));
  }

  /** The operands of nested ANDs or ORs side by side. */
  private static List<RexNode> flat(RexCall call) {
    List<RexNode> flat = new ArrayList<>();
    java.util.ArrayDeque<RexNode> stack = new java.util.ArrayDeque<>();
    stack.push(call);
    while (!stack.isEmpty()) {
      RexNode node = stack.pop();
      if (node.isA(call.getKind())) {
        ((RexCall) node).getOperands().reversed().forEach(stack::push);
      } else {
        flat.add(node);
      }
    }
    if (flat.size() > MAX_TERMS) {
      throw new KeldaException(
          ErrorCode.STATEMENT_TOO_COMPLEX,
          "one condition has %d terms; at most %d are taken".formatted(flat.size(), MAX_TERMS));
    }
    return flat;
  }

  /** A tree of binary calls whose depth grows with the logarithm of the operands. */
  static Expr balanced(String id, DataType type, List<Expr> operands) {
    if (operands.size() == 1) {
      return operands.getFirst();
    }
    int half = operands.size() / 2;
    return call(
        id,
        type,
        List.of(
            balanced(id, type, operands.subList(0, half)),
            balanced(id, type, operands.subList(half, operands.size()))));
  }

  private List<Expr> common(List<RexNode> args) {
    return commonType(rex.getTypeFactory(), args.stream().map(RexNode::getType).toList())
        .map(t -> allAs(args, t))
        .orElseGet(() -> encodeAll(args));
  }

  /** The type in which values of the given types are compared; empty when they agree already. */
  static Optional<RelDataType> commonType(RelDataTypeFactory factory, List<RelDataType> types) {
    if (types.stream().map(Types::toProto).distinct().count() == 1) {
      return Optional.empty();
    }
    RelDataType common = factory.leastRestrictive(types);
    if (common == null && types.stream().allMatch(SqlTypeUtil::isDatetime)) {
      common =
          types.stream()
              .filter(t -> t.getSqlTypeName() != SqlTypeName.DATE)
              .findFirst()
              .orElseThrow();
    }
    if (common != null
        && common.getSqlTypeName() == SqlTypeName.REAL
        && types.stream().anyMatch(t -> t.getSqlTypeName() != SqlTypeName.REAL)) {
      common = factory.createSqlType(SqlTypeName.DOUBLE);
    }
    return Optional.ofNullable(common);
  }

  private List<Expr> allAs(List<RexNode> args, RelDataType type) {
    return args.stream().map(a -> encodeAs(a, type)).toList();
  }

  private <C extends Comparable<C>> List<RexNode> points(Sarg<C> sarg, RelDataType type) {
    return sarg.rangeSet.asRanges().stream()
        .map(r -> rex.makeLiteral(r.lowerEndpoint(), type, true, true))
        .toList();
  }

  private Expr search(RexCall call) {
    RexNode input = call.getOperands().get(0);
    RexLiteral literal = (RexLiteral) call.getOperands().get(1);
    Sarg<?> sarg = literal.getValueAs(Sarg.class);
    boolean negated = sarg.isComplementedPoints();
    if (!(sarg.isPoints() || negated) || sarg.pointCount < 2) {
      return encode(RexUtil.expandSearch(rex, null, call));
    }
    DataType bool = Types.toProto(Types.BOOL_FIELD);
    RelDataType type = literal.getType();
    InList.Builder list = InList.newBuilder().setNegated(negated);
    List<RexNode> values = points(negated ? sarg.negate() : sarg, type);
    List<RelDataType> both = List.of(input.getType(), type);
    RelDataType common = commonType(rex.getTypeFactory(), both).orElse(type);
    list.setInput(encodeAs(input, common));
    values.forEach(v -> list.addValues(encodeAs(v, common)));
    Expr in = Expr.newBuilder().setInList(list).build();
    if (sarg.nullAs == RexUnknownAs.TRUE) {
      return call("or", bool, List.of(call("is_null", bool, List.of(encode(input))), in));
    }
    if (sarg.nullAs == RexUnknownAs.FALSE) {
      return call("and", bool, List.of(call("is_not_null", bool, List.of(encode(input))), in));
    }
    return in;
  }

  static KeldaException unsupported(String what) {
    return new KeldaException(ErrorCode.NOT_SUPPORTED, what + " is not supported");
  }
}
