package dev.kelda.planner.rules;

import java.math.BigDecimal;
import java.util.Optional;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlKind;

/** The value of constant numbers and intervals, signs and products included. */
final class LiteralNumbers {
  private LiteralNumbers() {}

  /** Milliseconds of a day-time interval, months of a year-month one. */
  static Optional<BigDecimal> number(RexNode node) {
    if (node instanceof RexLiteral literal) {
      return Optional.ofNullable(literal.getValueAs(BigDecimal.class));
    }
    if (node instanceof RexCall call) {
      if (call.isA(SqlKind.MINUS_PREFIX)) {
        return number(call.operands.get(0)).map(BigDecimal::negate);
      }
      if (call.isA(SqlKind.TIMES)) {
        return number(call.operands.get(0))
            .flatMap(a -> number(call.operands.get(1)).map(a::multiply));
      }
      if (call.isA(SqlKind.CAST)
          && call.getType().getSqlTypeName() == call.operands.get(0).getType().getSqlTypeName()) {
        return number(call.operands.get(0));
      }
    }
    return Optional.empty();
  }
}
