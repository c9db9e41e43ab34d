package dev.kelda.feature.serving;

import dev.kelda.feature.online.ViewLayout;
import dev.kelda.spi.connector.Operand;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scalar;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.ArrowType;

/**
 * Conditions that say which keys are wanted: for each column of the key {@code =} or {@code IN}.
 *
 * @param columns for each column of the key what its conditions, at least one, let through
 * @param used all of these conditions
 */
record KeyConditions(List<List<List<Operand>>> columns, List<Predicate> used) {
  /** Above this, reading all keys is no worse. */
  private static final long MOST_KEYS = 1_000_000;

  KeyConditions {
    columns = List.copyOf(columns);
    used = List.copyOf(used);
  }

  /** Empty when some column of the key has no such condition. */
  static Optional<KeyConditions> of(ViewLayout layout, List<Predicate> conjuncts) {
    List<List<List<Operand>>> columns = new ArrayList<>();
    List<Predicate> used = new ArrayList<>();
    for (int column : layout.keys()) {
      List<Predicate> conditions =
          conjuncts.stream().filter(p -> !operands(p, column).isEmpty()).toList();
      // 0.0 and -0.0 are two keys and one number.
      boolean inexact =
          layout.columns().getFields().get(column).getType() instanceof ArrowType.FloatingPoint;
      if (inexact || conditions.isEmpty()) {
        return Optional.empty();
      }
      columns.add(conditions.stream().map(p -> operands(p, column)).toList());
      used.addAll(conditions);
    }
    KeyConditions all = new KeyConditions(columns, used);
    return all.count() > MOST_KEYS ? Optional.empty() : Optional.of(all);
  }

  private static List<Operand> operands(Predicate predicate, int column) {
    return switch (predicate) {
      case Predicate.Comparison c
          when c.column() == column && c.operator() == Predicate.Operator.EQUAL ->
          List.of(c.value());
      case Predicate.In in when in.column() == column -> in.values();
      default -> List.of();
    };
  }

  /** No more keys than this. */
  long count() {
    double count = 1;
    for (List<List<Operand>> conditions : columns) {
      count *= conditions.getFirst().size();
    }
    return (long) count;
  }

  /** Every key that meets the conditions, once; parameters are bound. None has a NULL. */
  List<List<Scalar>> keys() {
    List<List<Scalar>> keys = List.of(List.of());
    for (List<List<Operand>> conditions : columns) {
      Collection<Scalar> values = values(conditions);
      List<List<Scalar>> longer = new ArrayList<>(keys.size() * values.size());
      for (List<Scalar> key : keys) {
        for (Scalar value : values) {
          List<Scalar> more = new ArrayList<>(key);
          more.add(value);
          longer.add(more);
        }
      }
      keys = longer;
    }
    return keys;
  }

  /** What all conditions of one column let through. */
  private static Collection<Scalar> values(List<List<Operand>> conditions) {
    Map<Object, Scalar> values = distinct(conditions.getFirst());
    conditions.stream()
        .skip(1)
        .forEach(condition -> values.keySet().retainAll(distinct(condition).keySet()));
    return values.values();
  }

  private static Map<Object, Scalar> distinct(List<Operand> operands) {
    Map<Object, Scalar> distinct = new LinkedHashMap<>();
    for (Operand operand : operands) {
      Scalar value = (Scalar) operand;
      value.value().ifPresent(v -> distinct.putIfAbsent(comparable(v), value));
    }
    return distinct;
  }

  private static Object comparable(Object value) {
    return switch (value) {
      case byte[] bytes -> ByteBuffer.wrap(bytes);
      case BigDecimal decimal -> decimal.stripTrailingZeros();
      default -> value;
    };
  }
}
