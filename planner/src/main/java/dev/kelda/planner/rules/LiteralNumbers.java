package dev.kelda.planner.rules;

import java.math.BigDecimal;
import java.util.Optional;
import java.util.function.BinaryOperator;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.sql.SqlKind;

/** The value of constant numbers and intervals, signs, sums and products included. */
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
      switch (call.getKind()) {
        case PLUS -> {
          return both(call, BigDecimal::add);
        }
        case MINUS -> {
          return both(call, BigDecimal::subtract);
        }
        case TIMES -> {
          return both(call, BigDecimal::multiply);
        }
        default -> {}
      }
      if (call.isA(SqlKind.CAST)
          && call.getType().getSqlTypeName() == call.operands.get(0).getType().getSqlTypeName()) {
        return number(call.operands.get(0));
      }
    }
    return Optional.empty();
  }

  private static Optional<BigDecimal> both(RexCall call, BinaryOperator<BigDecimal> operator) {
    return call.operands.size() == 2
        ? number(call.operands.get(0))
            .flatMap(a -> number(call.operands.get(1)).map(b -> operator.apply(a, b)))
        : Optional.empty();
  }
}
