package dev.kelda.planner.pushdown;

import dev.kelda.planner.encode.Types;
import dev.kelda.spi.connector.Operand;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Predicate.Operator;
import dev.kelda.spi.connector.Scalar;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexDynamicParam;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexLiteral;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUnknownAs;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.util.Sarg;

/** Conditions over a table's row to predicates, where they have the same meaning. */
public final class ScanPredicates {
  private final RexBuilder rex;

  public ScanPredicates(RexBuilder rex) {
    this.rex = rex;
  }

  /** The predicate that is true exactly where the condition is; empty when there is none. */
  public Optional<Predicate> of(RexNode condition) {
    if (condition instanceof RexInputRef ref) {
      return Optional.of(
          new Predicate.Comparison(
              ref.getIndex(),
              Operator.EQUAL,
              Scalar.of(Types.toArrow("", ref.getType()).getType(), true)));
    }
    if (!(condition instanceof RexCall call)) {
      return Optional.empty();
    }
    return switch (call.getKind()) {
      case AND -> all(call.getOperands()).map(Predicate.And::new);
      case OR -> all(call.getOperands()).map(Predicate.Or::new);
      case NOT -> of(call.getOperands().get(0)).map(Predicate.Not::new);
      case IS_NULL -> column(call.getOperands().get(0)).map(Predicate.IsNull::new);
      case IS_NOT_NULL -> column(call.getOperands().get(0)).map(Predicate.IsNotNull::new);
      case SEARCH -> search(call);
      case EQUALS -> comparison(call, Operator.EQUAL);
      case NOT_EQUALS -> comparison(call, Operator.NOT_EQUAL);
      case LESS_THAN -> comparison(call, Operator.LESS);
      case LESS_THAN_OR_EQUAL -> comparison(call, Operator.LESS_OR_EQUAL);
      case GREATER_THAN -> comparison(call, Operator.GREATER);
      case GREATER_THAN_OR_EQUAL -> comparison(call, Operator.GREATER_OR_EQUAL);
      case LIKE -> startsWith(call);
      default -> Optional.empty();
    };
  }

  /**
   * Predicates that are true at least where the condition is: of an AND the parts that translate.
   */
  public List<Predicate> hints(RexNode condition) {
    return of(condition)
        .map(List::of)
        .orElseGet(
            () ->
                condition.isA(SqlKind.AND)
                    ? ((RexCall) condition)
                        .getOperands().stream().flatMap(o -> hints(o).stream()).toList()
                    : List.of());
  }

  private Optional<List<Predicate>> all(List<RexNode> nodes) {
    List<Predicate> predicates = new ArrayList<>(nodes.size());
    for (RexNode node : nodes) {
      Optional<Predicate> predicate = of(node);
      if (predicate.isEmpty()) {
        return Optional.empty();
      }
      predicates.add(predicate.get());
    }
    return Optional.of(predicates);
  }

  private Optional<Predicate> comparison(RexCall call, Operator operator) {
    RexNode left = call.getOperands().get(0);
    RexNode right = call.getOperands().get(1);
    if (column(left).isPresent()) {
      return operand(right, left)
          .map(v -> new Predicate.Comparison(column(left).get(), operator, v));
    }
    if (column(right).isPresent()) {
      return operand(left, right)
          .map(v -> new Predicate.Comparison(column(right).get(), swapped(operator), v));
    }
    return Optional.empty();
  }

  private static Operator swapped(Operator operator) {
    return switch (operator) {
      case EQUAL, NOT_EQUAL -> operator;
      case LESS -> Operator.GREATER;
      case LESS_OR_EQUAL -> Operator.GREATER_OR_EQUAL;
      case GREATER -> Operator.LESS;
      case GREATER_OR_EQUAL -> Operator.LESS_OR_EQUAL;
    };
  }

  private Optional<Predicate> search(RexCall call) {
    Sarg<?> sarg = ((RexLiteral) call.getOperands().get(1)).getValueAs(Sarg.class);
    Optional<Integer> column = column(call.getOperands().get(0));
    if (column.isEmpty()) {
      return Optional.empty();
    }
    if (sarg.isPoints() && sarg.pointCount > 1 && sarg.nullAs != RexUnknownAs.TRUE) {
      return points(sarg, call).map(v -> new Predicate.In(column.get(), v));
    }
    return of(RexUtil.expandSearch(rex, null, call));
  }

  private <C extends Comparable<C>> Optional<List<Operand>> points(Sarg<C> sarg, RexCall call) {
    RexNode column = call.getOperands().get(0);
    List<Operand> values = new ArrayList<>();
    for (var range : sarg.rangeSet.asRanges()) {
      RexNode literal =
          rex.makeLiteral(range.lowerEndpoint(), call.getOperands().get(1).getType(), true, true);
      Optional<Operand> value = operand(literal, column);
      if (value.isEmpty()) {
        return Optional.empty();
      }
      values.add(value.get());
    }
    return Optional.of(values);
  }

  /** {@code column LIKE 'prefix%'} without other wildcards or an escape. */
  private Optional<Predicate> startsWith(RexCall call) {
    Optional<Integer> column = column(call.getOperands().get(0));
    if (column.isEmpty()
        || call.getOperands().size() != 2
        || !call.getOperator().getName().equals("LIKE")
        || !(call.getOperands().get(1) instanceof RexLiteral literal)
        || literal.isNull()) {
      return Optional.empty();
    }
    String pattern = literal.getValueAs(String.class);
    int wild = pattern.indexOf('%');
    boolean prefix =
        wild > 0
            && wild == pattern.length() - 1
            && pattern.indexOf('_') < 0
            && pattern.indexOf('\\') < 0;
    return prefix
        ? Optional.of(new Predicate.StartsWith(column.get(), pattern.substring(0, wild)))
        : Optional.empty();
  }

  private static Optional<Integer> column(RexNode node) {
    return node instanceof RexInputRef ref ? Optional.of(ref.getIndex()) : Optional.empty();
  }

  /** The constant as a value of the column's type, if it has that value exactly. */
  private static Optional<Operand> operand(RexNode node, RexNode column) {
    ArrowType type = Types.toArrow("", column.getType()).getType();
    if (node instanceof RexDynamicParam parameter) {
      return Types.toArrow("", parameter.getType()).getType().equals(type)
          ? Optional.of(new Operand.Parameter(parameter.getIndex(), type))
          : Optional.empty();
    }
    return Constants.scalar(node, type).map(s -> s);
  }
}
