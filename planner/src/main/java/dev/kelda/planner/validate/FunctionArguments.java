package dev.kelda.planner.validate;

import dev.kelda.parser.Positions;
import dev.kelda.planner.catalog.Names;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.UnboundParameterException;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlUnknownLiteral;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.util.DateString;
import org.apache.calcite.util.NlsString;
import org.apache.calcite.util.TimestampString;

/** Constant arguments of table functions, by position or by name. */
public final class FunctionArguments {
  private FunctionArguments() {}

  /** The nodes as they stand, by the parameter they are for. */
  static Map<TableFunction.Parameter, SqlNode> assign(TableFunction function, SqlCall call) {
    List<TableFunction.Parameter> parameters = function.parameters();
    Map<TableFunction.Parameter, SqlNode> arguments = new LinkedHashMap<>();
    int next = 0;
    for (SqlNode operand : call.getOperandList()) {
      TableFunction.Parameter parameter;
      SqlNode value = operand;
      if (operand.getKind() == SqlKind.ARGUMENT_ASSIGNMENT) {
        String name = ((SqlIdentifier) ((SqlCall) operand).operand(1)).getSimple();
        value = ((SqlCall) operand).operand(0);
        parameter =
            parameters.stream()
                .filter(p -> p.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(
                    () ->
                        error(
                            "%s has no argument \"%s\"%s"
                                .formatted(
                                    function.name(),
                                    name,
                                    Names.suggestion(
                                        name,
                                        parameters.stream()
                                            .map(TableFunction.Parameter::name)
                                            .toList())),
                            operand));
      } else if (next < parameters.size()) {
        parameter = parameters.get(next++);
      } else {
        throw error(
            "%s takes at most %d arguments".formatted(function.name(), parameters.size()), operand);
      }
      if (arguments.put(parameter, value) != null) {
        throw error("argument \"" + parameter.name() + "\" is given twice", operand);
      }
    }
    for (TableFunction.Parameter parameter : parameters) {
      if (parameter.required() && !arguments.containsKey(parameter)) {
        throw error(
            "%s needs its argument \"%s\"".formatted(function.name(), parameter.name()), call);
      }
    }
    return arguments;
  }

  /** The value of a constant, of the parameter's type. */
  static Scalar converted(TableFunction.Parameter parameter, SqlNode node) {
    return convert(constant(node), parameter, node);
  }

  public static Scalar constant(SqlNode node) {
    if (node instanceof SqlUnknownLiteral unknown) {
      return constant(
          DateLiterals.typed(
              unknown,
              unknown.tag.equalsIgnoreCase("DATE") ? SqlTypeName.DATE : SqlTypeName.TIMESTAMP));
    }
    if (node instanceof SqlLiteral literal) {
      Object value = literal.getValue();
      return switch (value) {
        case null -> Scalar.nullOf(CanonicalTypes.NULL);
        case NlsString text -> Scalar.of(CanonicalTypes.UTF8, text.getValue());
        case Boolean flag -> Scalar.of(CanonicalTypes.BOOL, flag);
        case BigDecimal number ->
            number.scale() <= 0
                ? Scalar.of(CanonicalTypes.INT64, number.longValue())
                : Scalar.of(CanonicalTypes.FLOAT64, number.doubleValue());
        case DateString at ->
            Scalar.of(CanonicalTypes.TIMESTAMP, at.getDaysSinceEpoch() * 86_400_000_000L);
        case TimestampString at ->
            Scalar.of(
                CanonicalTypes.TIMESTAMP,
                ChronoUnit.MICROS.between(
                    LocalDate.EPOCH.atStartOfDay(),
                    LocalDateTime.parse(at.toString().replace(' ', 'T'))));
        default -> throw error("a constant of this kind cannot stand here: " + node, node);
      };
    }
    if (node.getKind() == SqlKind.MINUS_PREFIX) {
      Scalar value = constant(((SqlCall) node).operand(0));
      if (value.value().orElse(null) instanceof Long number) {
        return Scalar.of(value.type(), -number);
      }
      if (value.value().orElse(null) instanceof Double number) {
        return Scalar.of(value.type(), -number);
      }
    }
    if (node instanceof SqlCall call
        && call.getOperator().getName().equals("TIMESTAMP")
        && call.operandCount() == 2) {
      return constant(call.operand(1));
    }
    if (node instanceof SqlDynamicParam parameter) {
      throw new UnboundParameterException(
          parameter.getIndex(), Positions.start(node.getParserPosition()));
    }
    throw error("only a constant can stand here", node);
  }

  private static Scalar convert(Scalar value, TableFunction.Parameter parameter, SqlNode at) {
    ArrowType wanted = parameter.type();
    if (value.value().isEmpty()) {
      return Scalar.nullOf(wanted);
    }
    Object given = value.value().get();
    Object converted =
        switch (wanted) {
          case ArrowType.Utf8 ignored when given instanceof String -> given;
          case ArrowType.Bool ignored when given instanceof Boolean -> given;
          case ArrowType.Bool ignored when given instanceof String text && isBoolean(text) ->
              Boolean.valueOf(text.toLowerCase(Locale.ROOT));
          case ArrowType.Int ignored when given instanceof Long -> given;
          case ArrowType.FloatingPoint ignored when given instanceof Number number ->
              number.doubleValue();
          case ArrowType other when other.equals(value.type()) -> given;
          default ->
              throw new KeldaException(
                  ErrorCode.TYPE_MISMATCH,
                  "argument \"%s\" cannot be %s".formatted(parameter.name(), at),
                  Positions.start(at));
        };
    return Scalar.of(wanted, converted);
  }

  private static boolean isBoolean(String text) {
    return text.equalsIgnoreCase("true") || text.equalsIgnoreCase("false");
  }

  static KeldaException error(String message, SqlNode at) {
    return new KeldaException(ErrorCode.INVALID_ARGUMENT, message, Positions.start(at));
  }
}
