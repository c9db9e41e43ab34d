package dev.kelda.executor.wire;

import dev.kelda.planner.proto.Call;
import dev.kelda.planner.proto.Expr;
import dev.kelda.planner.proto.InList;
import dev.kelda.spi.connector.Operand;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Predicate.Operator;
import dev.kelda.spi.connector.Scalar;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Conditions that native learned while it ran, for Java scans. They are hints: what cannot be said
 * as a {@link Predicate} is left out.
 */
public final class RuntimeFilters {
  private RuntimeFilters() {}

  /** The conjuncts that could be read; every needed row meets them. */
  public static List<Predicate> of(List<Expr> filters) {
    return filters.stream().flatMap(filter -> predicate(filter).stream()).toList();
  }

  private static Optional<Predicate> predicate(Expr filter) {
    return switch (filter.getKindCase()) {
      case CALL -> call(filter.getCall());
      case IN_LIST -> in(filter.getInList());
      case COLUMN, LITERAL, CAST, CASE, PARAMETER, FIELD_ACCESS, LAMBDA, KIND_NOT_SET ->
          Optional.empty();
    };
  }

  private static Optional<Predicate> call(Call call) {
    return switch (call.getFunction()) {
      case "and" -> {
        List<Predicate> terms = of(call.getArgsList());
        yield terms.isEmpty() ? Optional.empty() : Optional.of(new Predicate.And(terms));
      }
      case "or" -> {
        List<Predicate> terms = of(call.getArgsList());
        yield terms.size() < call.getArgsCount()
            ? Optional.empty()
            : Optional.of(new Predicate.Or(terms));
      }
      case "eq" -> comparison(call, Operator.EQUAL);
      case "lt" -> comparison(call, Operator.LESS);
      case "lte" -> comparison(call, Operator.LESS_OR_EQUAL);
      case "gt" -> comparison(call, Operator.GREATER);
      case "gte" -> comparison(call, Operator.GREATER_OR_EQUAL);
      default -> Optional.empty();
    };
  }

  private static Optional<Predicate> comparison(Call call, Operator operator) {
    if (call.getArgsCount() != 2 || call.getArgs(0).getKindCase() != Expr.KindCase.COLUMN) {
      return Optional.empty();
    }
    return constant(call.getArgs(1))
        .map(value -> new Predicate.Comparison(call.getArgs(0).getColumn(), operator, value));
  }

  private static Optional<Predicate> in(InList in) {
    if (in.getNegated() || in.getInput().getKindCase() != Expr.KindCase.COLUMN) {
      return Optional.empty();
    }
    List<Operand> values = new ArrayList<>();
    for (Expr value : in.getValuesList()) {
      Optional<Scalar> constant = constant(value);
      if (constant.isEmpty()) {
        return Optional.empty();
      }
      values.add(constant.get());
    }
    return Optional.of(new Predicate.In(in.getInput().getColumn(), values));
  }

  private static Optional<Scalar> constant(Expr value) {
    if (value.getKindCase() != Expr.KindCase.LITERAL) {
      return Optional.empty();
    }
    return switch (value.getLiteral().getValueCase()) {
      case BOOLEAN, INTEGER, FLOATING, STRING, BINARY, DECIMAL ->
          Optional.of(Literals.fromProto(value.getLiteral()));
      case NULL, MONTH_DAY_NANO, LIST, VALUE_NOT_SET -> Optional.empty();
    };
  }
}
