package dev.kelda.parser.grammar;

import dev.kelda.spi.connector.Scalar;
import java.math.BigDecimal;
import java.util.Map;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.calcite.sql.SqlDynamicParam;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;
import org.apache.calcite.util.DateString;
import org.apache.calcite.util.TimestampString;

/** Values of parameters as literals. */
final class Constants {
  private static final int MICROSECONDS = 6;

  private Constants() {}

  /** The literal of the parameter's value; the parameter when it has none. */
  static SqlNode of(int index, Map<Integer, Scalar> constants, SqlParserPos position) {
    Scalar value = constants.get(index);
    return value == null ? new SqlDynamicParam(index, position) : literal(value, position);
  }

  private static SqlNode literal(Scalar scalar, SqlParserPos position) {
    return switch (scalar.value().orElse(null)) {
      case null -> SqlLiteral.createNull(position);
      case Boolean truth -> SqlLiteral.createBoolean(truth, position);
      case String text -> SqlLiteral.createCharString(text, position);
      case BigDecimal number -> SqlLiteral.createExactNumeric(number.toPlainString(), position);
      case Double number -> SqlLiteral.createApproxNumeric(number.toString(), position);
      case Long number -> literal(number, scalar.type(), position);
      default ->
          throw Nodes.notSupported("a parameter of type " + scalar.type() + " here", position);
    };
  }

  private static SqlNode literal(long number, ArrowType type, SqlParserPos position) {
    return switch (type) {
      case ArrowType.Date ignored ->
          SqlLiteral.createDate(DateString.fromDaysSinceEpoch((int) number), position);
      case ArrowType.Timestamp timestamp -> {
        long perSecond = timestamp.getUnit() == TimeUnit.NANOSECOND ? 1_000_000_000L : 1_000_000L;
        TimestampString seconds =
            TimestampString.fromMillisSinceEpoch(Math.floorDiv(number, perSecond) * 1000);
        long nanos = Math.floorMod(number, perSecond) * (1_000_000_000L / perSecond);
        yield SqlLiteral.createTimestamp(
            org.apache.calcite.sql.type.SqlTypeName.TIMESTAMP,
            seconds.withNanos((int) nanos),
            MICROSECONDS,
            position);
      }
      default -> SqlLiteral.createExactNumeric(Long.toString(number), position);
    };
  }
}
