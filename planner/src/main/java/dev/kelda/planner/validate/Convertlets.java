package dev.kelda.planner.validate;

import dev.kelda.parser.SqlStruct;
import dev.kelda.planner.encode.Types;
import dev.kelda.spi.rows.TypeNames;
import java.math.BigDecimal;
import org.apache.calcite.avatica.util.TimeUnit;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlBinaryOperator;
import org.apache.calcite.sql.SqlCall;
import org.apache.calcite.sql.SqlDataTypeSpec;
import org.apache.calcite.sql.SqlIntervalQualifier;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlOperator;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.sql.type.SqlTypeName;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.sql2rel.SqlRexContext;
import org.apache.calcite.sql2rel.SqlRexConvertlet;
import org.apache.calcite.sql2rel.SqlRexConvertletTable;
import org.apache.calcite.sql2rel.StandardConvertletTable;

/** How our operators become expressions. */
final class Convertlets implements SqlRexConvertletTable {
  static final Convertlets INSTANCE = new Convertlets();
  private static final BigDecimal DAY_MILLIS = BigDecimal.valueOf(86_400_000L);

  private Convertlets() {}

  @Override
  public SqlRexConvertlet get(SqlCall call) {
    if (call.getOperator() == KeldaOperators.MINUS) {
      return (context, c) -> convert(context, c, SqlStdOperatorTable.MINUS);
    }
    if (call.getOperator() == KeldaOperators.PLUS) {
      return (context, c) -> convert(context, c, SqlStdOperatorTable.PLUS);
    }
    if (call.getOperator() == KeldaOperators.REMAINDER
        || call.getOperator() == KeldaOperators.MOD) {
      return (context, c) -> asIs(context, c, KeldaOperators.MOD);
    }
    if (call.getOperator() instanceof SqlStruct) {
      return (context, c) -> asIs(context, c, c.getOperator());
    }
    if (call.getOperator() == KeldaOperators.EMPTY_ARRAY) {
      return (context, c) -> asIs(context, c, KeldaOperators.EMPTY_ARRAY);
    }
    if (call.getOperator() == KeldaOperators.CAST_AS_TEXT) {
      return (context, c) ->
          context
              .getRexBuilder()
              .makeAbstractCast(
                  context.getValidator().getValidatedNodeType(c),
                  context.convertExpression(c.operand(0)),
                  false);
    }
    if (isDistinction(call)) {
      return (context, c) ->
          context.getValidator().getValidatedNodeType(c.operand(0)).isStruct()
              ? asIs(context, c, c.getOperator())
              : StandardConvertletTable.INSTANCE.get(c).convertCall(context, c);
    }
    if (isTruthAsText(call)) {
      return Convertlets::truthAsText;
    }
    if (call.getOperator().getName().endsWith("TYPEOF") && call.operandCount() == 1) {
      return (context, c) -> {
        RelDataType type = context.getValidator().getValidatedNodeType(c.operand(0));
        return context.getRexBuilder().makeLiteral(TypeNames.of(Types.toArrow("", type)));
      };
    }
    return StandardConvertletTable.INSTANCE.get(call);
  }

  /** Of structs Calcite wants every field to be distinct. */
  private static boolean isDistinction(SqlCall call) {
    return call.getKind() == SqlKind.IS_DISTINCT_FROM
        || call.getKind() == SqlKind.IS_NOT_DISTINCT_FROM;
  }

  private static boolean isTruthAsText(SqlCall call) {
    return call.getKind() == SqlKind.CAST
        && call.operand(0) instanceof SqlLiteral literal
        && literal.getTypeName() == SqlTypeName.BOOLEAN
        && literal.getValue() != null;
  }

  /**
   * Calcite takes CAST(TRUE AS VARCHAR) for the truth: of {@code CAST(TRUE AS VARCHAR) = x} it
   * makes x.
   */
  private static RexNode truthAsText(SqlRexContext context, SqlCall call) {
    RexBuilder rex = context.getRexBuilder();
    RelDataType type = ((SqlDataTypeSpec) call.operand(1)).deriveType(context.getValidator());
    boolean truth = ((SqlLiteral) call.operand(0)).booleanValue();
    return type.getSqlTypeName() == SqlTypeName.VARCHAR
        ? rex.makeAbstractCast(type, rex.makeLiteral(Boolean.toString(truth)), false)
        : StandardConvertletTable.INSTANCE.get(call).convertCall(context, call);
  }

  private static RexNode asIs(SqlRexContext context, SqlCall call, SqlOperator operator) {
    return context
        .getRexBuilder()
        .makeCall(
            context.getValidator().getValidatedNodeType(call),
            operator,
            call.getOperandList().stream().map(context::convertExpression).toList());
  }

  private static RexNode convert(SqlRexContext context, SqlCall call, SqlBinaryOperator standard) {
    RexBuilder rex = context.getRexBuilder();
    RelDataType type = context.getValidator().getValidatedNodeType(call);
    RelDataType left = context.getValidator().getValidatedNodeType(call.operand(0));
    RelDataType right = context.getValidator().getValidatedNodeType(call.operand(1));
    if (SqlTypeUtil.isDatetime(left) && SqlTypeUtil.isDatetime(right)) {
      return rex.makeCall(
          type,
          KeldaOperators.isDate(left) && KeldaOperators.isDate(right)
              ? KeldaOperators.DATE_DIFF_DAYS
              : KeldaOperators.TIMESTAMP_DIFF,
          java.util.List.of(
              context.convertExpression(call.operand(0)),
              context.convertExpression(call.operand(1))));
    }
    if (KeldaOperators.isDate(left) && SqlTypeUtil.isIntType(right)) {
      return shift(context, call, 0, 1, type, standard);
    }
    if (KeldaOperators.isDate(right) && SqlTypeUtil.isIntType(left)) {
      return shift(context, call, 1, 0, type, standard);
    }
    if (KeldaOperators.isDate(left) && KeldaOperators.hasTime(right)) {
      return moved(context, call, 0, 1, type, standard);
    }
    if (KeldaOperators.isDate(right) && KeldaOperators.hasTime(left)) {
      return moved(context, call, 1, 0, type, standard);
    }
    SqlCall plain = standard.createCall(call.getParserPosition(), call.operand(0), call.operand(1));
    ((QueryValidator) context.getValidator()).setType(plain, type);
    return StandardConvertletTable.INSTANCE.get(plain).convertCall(context, plain);
  }

  /** A date and a number of days. */
  private static RexNode shift(
      SqlRexContext context,
      SqlCall call,
      int date,
      int days,
      RelDataType type,
      SqlBinaryOperator standard) {
    RexBuilder rex = context.getRexBuilder();
    RexNode day =
        rex.makeIntervalLiteral(
            DAY_MILLIS, new SqlIntervalQualifier(TimeUnit.DAY, null, SqlParserPos.ZERO));
    RexNode count = context.convertExpression(call.operand(days));
    RexNode interval =
        rex.makeCall(
            rex.getTypeFactory()
                .createTypeWithNullability(day.getType(), count.getType().isNullable()),
            SqlStdOperatorTable.MULTIPLY,
            java.util.List.of(day, count));
    return rex.makeCall(
        type,
        of(standard),
        java.util.List.of(context.convertExpression(call.operand(date)), interval));
  }

  /** The midnight of a date and an interval with a time. */
  private static RexNode moved(
      SqlRexContext context,
      SqlCall call,
      int date,
      int interval,
      RelDataType type,
      SqlBinaryOperator standard) {
    RexBuilder rex = context.getRexBuilder();
    return rex.makeCall(
        type,
        of(standard),
        java.util.List.of(
            rex.makeCast(type, context.convertExpression(call.operand(date))),
            context.convertExpression(call.operand(interval))));
  }

  private static SqlOperator of(SqlBinaryOperator standard) {
    return standard == SqlStdOperatorTable.PLUS
        ? SqlStdOperatorTable.DATETIME_PLUS
        : SqlStdOperatorTable.MINUS_DATE;
  }
}
