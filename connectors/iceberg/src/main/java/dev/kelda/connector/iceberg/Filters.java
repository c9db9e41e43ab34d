package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Operand;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Predicate.Operator;
import dev.kelda.spi.connector.Scalar;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.apache.iceberg.Schema;
import org.apache.iceberg.expressions.Expression;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

/**
 * Predicates to Iceberg expressions that keep every file with a passing row. What has no equivalent
 * becomes TRUE. NaN is greater than every number here, but outside the bounds in Iceberg.
 */
final class Filters {
  private static final int MAX_IN_VALUES = 200;

  private final Schema schema;

  private Filters(Schema schema) {
    this.schema = schema;
  }

  static Expression expression(Schema schema, List<Predicate> conjuncts) {
    Filters filters = new Filters(schema);
    return conjuncts.stream()
        .map(conjunct -> filters.translate(conjunct, false))
        .reduce(Expressions.alwaysTrue(), Expressions::and);
  }

  /** An expression for exactly the rows that pass, where NULL passes nothing; empty if none is. */
  static Optional<Expression> exact(Schema schema, List<Predicate> conjuncts) {
    Filters filters = new Filters(schema);
    Expression all = Expressions.alwaysTrue();
    for (Predicate conjunct : conjuncts) {
      Optional<Expression> one = filters.exact(conjunct);
      if (one.isEmpty()) {
        return Optional.empty();
      }
      all = Expressions.and(all, one.get());
    }
    return Optional.of(all);
  }

  // NOT and <> are left out: Iceberg lets NULL pass them. So are conditions on NaN.
  private Optional<Expression> exact(Predicate predicate) {
    return switch (predicate) {
      case Predicate.Comparison c -> {
        Types.NestedField field = schema.columns().get(c.column());
        boolean known = literal(field.type(), c.value()).isPresent();
        yield known && c.operator() != Operator.NOT_EQUAL && !isFloating(field.type())
            ? Optional.of(compare(c.column(), c.operator(), c.value()))
            : Optional.empty();
      }
      case Predicate.In in -> {
        Types.NestedField field = schema.columns().get(in.column());
        boolean known =
            in.values().size() <= MAX_IN_VALUES
                && in.values().stream().allMatch(v -> literal(field.type(), v).isPresent());
        yield known && !isFloating(field.type()) ? Optional.of(in(in, false)) : Optional.empty();
      }
      case Predicate.IsNull p -> primitive(p.column()).map(f -> nulls(p.column(), true));
      case Predicate.IsNotNull p -> primitive(p.column()).map(f -> nulls(p.column(), false));
      case Predicate.And and -> exact(schema, and.terms());
      case Predicate.Or or -> {
        Expression any = Expressions.alwaysFalse();
        for (Predicate term : or.terms()) {
          Optional<Expression> one = exact(term);
          if (one.isEmpty()) {
            yield Optional.empty();
          }
          any = Expressions.or(any, one.get());
        }
        yield Optional.of(any);
      }
      case Predicate.StartsWith ignored -> Optional.empty();
      case Predicate.Not ignored -> Optional.empty();
    };
  }

  private Optional<Types.NestedField> primitive(int column) {
    return Optional.of(schema.columns().get(column)).filter(f -> f.type().isPrimitiveType());
  }

  private Expression translate(Predicate predicate, boolean negated) {
    return switch (predicate) {
      case Predicate.Comparison c ->
          compare(c.column(), negated ? opposite(c.operator()) : c.operator(), c.value());
      case Predicate.In in -> in(in, negated);
      case Predicate.IsNull p -> nulls(p.column(), !negated);
      case Predicate.IsNotNull p -> nulls(p.column(), negated);
      case Predicate.StartsWith p -> startsWith(p, negated);
      case Predicate.And and -> combine(and.terms(), negated, !negated);
      case Predicate.Or or -> combine(or.terms(), negated, negated);
      case Predicate.Not not -> translate(not.term(), !negated);
    };
  }

  private Expression combine(List<Predicate> terms, boolean negated, boolean conjunction) {
    List<Expression> all = terms.stream().map(term -> translate(term, negated)).toList();
    return conjunction
        ? all.stream().reduce(Expressions.alwaysTrue(), Expressions::and)
        : all.stream().reduce(Expressions.alwaysFalse(), Expressions::or);
  }

  private Expression compare(int column, Operator operator, Operand operand) {
    Types.NestedField field = schema.columns().get(column);
    Optional<Object> value = literal(field.type(), operand);
    if (value.isEmpty()) {
      return Expressions.alwaysTrue();
    }
    String name = field.name();
    Expression plain =
        switch (operator) {
          case EQUAL -> Expressions.equal(name, value.get());
          case NOT_EQUAL -> Expressions.notEqual(name, value.get());
          case LESS -> Expressions.lessThan(name, value.get());
          case LESS_OR_EQUAL -> Expressions.lessThanOrEqual(name, value.get());
          case GREATER -> Expressions.greaterThan(name, value.get());
          case GREATER_OR_EQUAL -> Expressions.greaterThanOrEqual(name, value.get());
        };
    boolean greater = operator == Operator.GREATER || operator == Operator.GREATER_OR_EQUAL;
    return greater && isFloating(field.type())
        ? Expressions.or(plain, Expressions.isNaN(name))
        : plain;
  }

  private Expression in(Predicate.In in, boolean negated) {
    Types.NestedField field = schema.columns().get(in.column());
    List<Optional<Object>> values =
        in.values().stream().map(value -> literal(field.type(), value)).toList();
    if (negated || values.size() > MAX_IN_VALUES || values.contains(Optional.empty())) {
      return Expressions.alwaysTrue();
    }
    return Expressions.in(field.name(), values.stream().map(Optional::get).toList());
  }

  private Expression nulls(int column, boolean isNull) {
    Types.NestedField field = schema.columns().get(column);
    if (!field.type().isPrimitiveType()) {
      return Expressions.alwaysTrue();
    }
    return isNull ? Expressions.isNull(field.name()) : Expressions.notNull(field.name());
  }

  private Expression startsWith(Predicate.StartsWith predicate, boolean negated) {
    Types.NestedField field = schema.columns().get(predicate.column());
    boolean usable =
        !negated && field.type() instanceof Types.StringType && !predicate.prefix().isEmpty();
    return usable
        ? Expressions.startsWith(field.name(), predicate.prefix())
        : Expressions.alwaysTrue();
  }

  private static boolean isFloating(Type type) {
    return type instanceof Types.FloatType || type instanceof Types.DoubleType;
  }

  // What Iceberg accepts as a literal of the column's type; empty when there is none.
  private static Optional<Object> literal(Type type, Operand operand) {
    return switch (operand) {
      case Operand.Parameter ignored -> Optional.empty();
      case Scalar scalar -> scalar.value().flatMap(value -> literal(type, value));
    };
  }

  private static Optional<Object> literal(Type type, Object value) {
    return switch (type.typeId()) {
      case BOOLEAN -> instance(Boolean.class, value);
      case INTEGER, DATE ->
          instance(Long.class, value)
              .filter(v -> (Long) v == ((Long) v).intValue())
              .map(v -> ((Long) v).intValue());
      case LONG, TIME, TIMESTAMP -> instance(Long.class, value);
      case FLOAT ->
          instance(Double.class, value)
              .filter(v -> !((Double) v).isNaN() && ((Double) v).floatValue() == (Double) v)
              .map(v -> ((Double) v).floatValue());
      case DOUBLE -> instance(Double.class, value).filter(v -> !((Double) v).isNaN());
      case STRING -> instance(String.class, value);
      case UUID ->
          instance(byte[].class, value)
              .filter(v -> ((byte[]) v).length == 16)
              .map(v -> Values.uuid((byte[]) v));
      case FIXED ->
          instance(byte[].class, value)
              .filter(v -> ((byte[]) v).length == ((Types.FixedType) type).length())
              .map(v -> ByteBuffer.wrap((byte[]) v));
      case BINARY -> instance(byte[].class, value).map(v -> ByteBuffer.wrap((byte[]) v));
      case DECIMAL -> decimal((Types.DecimalType) type, value);
      // Iceberg takes a plain number for microseconds.
      case TIMESTAMP_NANO -> Optional.empty();
      default -> Optional.empty();
    };
  }

  private static Optional<Object> decimal(Types.DecimalType type, Object value) {
    if (!(value instanceof BigDecimal number)) {
      return Optional.empty();
    }
    BigDecimal stripped = number.stripTrailingZeros();
    return stripped.scale() > type.scale()
        ? Optional.empty()
        : Optional.of(number.setScale(type.scale(), java.math.RoundingMode.UNNECESSARY));
  }

  private static Optional<Object> instance(Class<?> javaType, Object value) {
    return javaType.isInstance(value) ? Optional.of(value) : Optional.empty();
  }

  private static Operator opposite(Operator operator) {
    return switch (operator) {
      case EQUAL -> Operator.NOT_EQUAL;
      case NOT_EQUAL -> Operator.EQUAL;
      case LESS -> Operator.GREATER_OR_EQUAL;
      case LESS_OR_EQUAL -> Operator.GREATER;
      case GREATER -> Operator.LESS_OR_EQUAL;
      case GREATER_OR_EQUAL -> Operator.LESS;
    };
  }
}
