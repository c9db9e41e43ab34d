package dev.kelda.planner.rules;

import dev.kelda.planner.encode.Types;
import dev.kelda.planner.pushdown.Constants;
import dev.kelda.planner.rules.Estimates.Column;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.type.SqlTypeUtil;
import org.apache.calcite.util.Sarg;

/** The share of rows that pass a condition: 1/values for equality, interpolation for ranges. */
final class Selectivity {
  private static final double RANGE = 0.3;
  private static final double LIKE = 0.1;
  private static final double UNKNOWN = 0.25;

  /** Texts that are compared with constants are mostly categories. */
  private static final double MAX_CATEGORIES = 25;

  private Selectivity() {}

  static double of(Estimates estimates, RelNode input, RexNode condition) {
    if (!(condition instanceof RexCall call)) {
      return condition instanceof RexLiteral literal ? (literal.isAlwaysTrue() ? 1 : 0.0001) : 0.5;
    }
    List<RexNode> operands = call.getOperands();
    return switch (call.getKind()) {
      case AND -> and(estimates, input, operands);
      case OR -> {
        double none = 1;
        for (RexNode operand : operands) {
          none *= 1 - of(estimates, input, operand);
        }
        yield 1 - none;
      }
      case NOT -> 1 - of(estimates, input, operands.get(0));
      case IS_NULL -> 0.05;
      case IS_NOT_NULL -> 0.95;
      case EQUALS -> equality(estimates, input, operands);
      case NOT_EQUALS -> 1 - equality(estimates, input, operands);
      case LESS_THAN, LESS_THAN_OR_EQUAL, GREATER_THAN, GREATER_THAN_OR_EQUAL ->
          range(estimates, input, call);
      case LIKE, SIMILAR -> LIKE;
      case SEARCH -> search(estimates, input, call);
      default -> UNKNOWN;
    };
  }

  /** Two bounds of one column are one range, not two independent conditions. */
  private static double and(Estimates estimates, RelNode input, List<RexNode> operands) {
    double all = 1;
    Map<Integer, Double> bounds = new HashMap<>();
    for (RexNode operand : operands) {
      double one = of(estimates, input, operand);
      Integer column = bounded(operand);
      Double other = column == null ? null : bounds.put(column, one);
      if (other == null) {
        all *= one;
      } else {
        double both = one + other - 1;
        all = all / other * (both > 0 ? Math.max(both, 1e-4) : one * other);
      }
    }
    return Math.max(all, 1e-9);
  }

  /** The column of {@code column < x} and the like; null otherwise. */
  private static Integer bounded(RexNode node) {
    return switch (node.getKind()) {
      case LESS_THAN, LESS_THAN_OR_EQUAL, GREATER_THAN, GREATER_THAN_OR_EQUAL ->
          ((RexCall) node)
              .getOperands().stream()
                  .filter(o -> o instanceof RexInputRef)
                  .map(o -> ((RexInputRef) o).getIndex())
                  .findFirst()
                  .orElse(null);
      default -> null;
    };
  }

  private static double equality(Estimates estimates, RelNode input, List<RexNode> operands) {
    double distinct = 1;
    for (RexNode operand : operands) {
      if (operand instanceof RexInputRef ref) {
        distinct = Math.max(distinct, categories(estimates, input, ref));
      }
    }
    return distinct > 1 ? 1 / distinct : 0.1;
  }

  private static double categories(Estimates estimates, RelNode input, RexInputRef ref) {
    double distinct = estimates.column(input, ref.getIndex()).distinct();
    return SqlTypeUtil.isCharacter(ref.getType()) ? Math.min(distinct, MAX_CATEGORIES) : distinct;
  }

  private static double range(Estimates estimates, RelNode input, RexCall call) {
    RexNode a = call.getOperands().get(0);
    RexNode b = call.getOperands().get(1);
    SqlKind kind = call.getKind();
    if (b instanceof RexInputRef) {
      RexNode swap = a;
      a = b;
      b = swap;
      kind = kind.reverse();
    }
    if (!(a instanceof RexInputRef ref)) {
      return RANGE;
    }
    Column column = estimates.column(input, ref.getIndex());
    OptionalDouble value =
        Estimates.number(Constants.scalar(b, Types.toArrow("", a.getType()).getType()));
    if (value.isEmpty() || column.min().isEmpty() || column.max().isEmpty()) {
      return RANGE;
    }
    double min = column.min().getAsDouble();
    double max = column.max().getAsDouble();
    double below = max <= min ? 0.5 : (value.getAsDouble() - min) / (max - min);
    boolean less = kind == SqlKind.LESS_THAN || kind == SqlKind.LESS_THAN_OR_EQUAL;
    return Math.clamp(less ? below : 1 - below, 1e-4, 1);
  }

  private static double search(Estimates estimates, RelNode input, RexCall call) {
    Sarg<?> sarg = ((RexLiteral) call.getOperands().get(1)).getValueAs(Sarg.class);
    if (call.getOperands().get(0) instanceof RexInputRef ref
        && (sarg.isPoints() || sarg.isComplementedPoints())) {
      double distinct = categories(estimates, input, ref);
      double points = Math.min(1, Math.max(sarg.pointCount, 1) / distinct);
      return sarg.isPoints() ? points : Math.max(0.05, 1 - points);
    }
    if (call.getOperands().get(0) instanceof RexInputRef) {
      RexNode expanded = RexUtil.expandSearch(input.getCluster().getRexBuilder(), null, call);
      if (expanded.isA(SqlKind.AND) && ((RexCall) expanded).getOperands().size() == 2) {
        List<RexNode> bounds = ((RexCall) expanded).getOperands();
        double sum = of(estimates, input, bounds.get(0)) + of(estimates, input, bounds.get(1)) - 1;
        return sum > 0 ? Math.clamp(sum, 1e-4, 1) : RANGE * RANGE;
      }
      return expanded.isA(SqlKind.SEARCH) ? UNKNOWN : of(estimates, input, expanded);
    }
    return UNKNOWN;
  }
}
