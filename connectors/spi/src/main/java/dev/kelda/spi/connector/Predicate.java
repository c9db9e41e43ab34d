package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * A condition over one table's row that a source may use to skip data. SQL's three-valued logic: a
 * row passes only when the condition is TRUE. Columns are ordinals into {@link Table#schema()}; a
 * constant has the column's type.
 */
public sealed interface Predicate {
  record Comparison(int column, Operator operator, Operand value) implements Predicate {
    public Comparison {
      requireNonNull(operator, "operator is null");
      requireNonNull(value, "value is null");
    }
  }

  record In(int column, List<Operand> values) implements Predicate {
    public In {
      values = List.copyOf(values);
    }
  }

  record IsNull(int column) implements Predicate {}

  record IsNotNull(int column) implements Predicate {}

  /** {@code column LIKE 'prefix%'}, case-sensitive, code point by code point. */
  record StartsWith(int column, String prefix) implements Predicate {
    public StartsWith {
      requireNonNull(prefix, "prefix is null");
    }
  }

  record And(List<Predicate> terms) implements Predicate {
    public And {
      terms = List.copyOf(terms);
    }
  }

  record Or(List<Predicate> terms) implements Predicate {
    public Or {
      terms = List.copyOf(terms);
    }
  }

  record Not(Predicate term) implements Predicate {
    public Not {
      requireNonNull(term, "term is null");
    }
  }

  enum Operator {
    EQUAL("="),
    NOT_EQUAL("<>"),
    LESS("<"),
    LESS_OR_EQUAL("<="),
    GREATER(">"),
    GREATER_OR_EQUAL(">=");

    private final String symbol;

    Operator(String symbol) {
      this.symbol = symbol;
    }

    public String symbol() {
      return symbol;
    }
  }

  /** The columns that it asks for, some of them more than once. */
  default IntStream columns() {
    return switch (this) {
      case Comparison c -> IntStream.of(c.column);
      case In in -> IntStream.of(in.column);
      case IsNull p -> IntStream.of(p.column);
      case IsNotNull p -> IntStream.of(p.column);
      case StartsWith p -> IntStream.of(p.column);
      case And and -> and.terms.stream().flatMapToInt(Predicate::columns);
      case Or or -> or.terms.stream().flatMapToInt(Predicate::columns);
      case Not not -> not.term.columns();
    };
  }

  /** The same predicate with every parameter replaced by its value. */
  default Predicate bind(Function<Operand.Parameter, Scalar> values) {
    return switch (this) {
      case Comparison c -> new Comparison(c.column, c.operator, bind(c.value, values));
      case In in -> new In(in.column, in.values.stream().map(v -> bind(v, values)).toList());
      case And and -> new And(and.terms.stream().map(t -> t.bind(values)).toList());
      case Or or -> new Or(or.terms.stream().map(t -> t.bind(values)).toList());
      case Not not -> new Not(not.term.bind(values));
      case IsNull p -> p;
      case IsNotNull p -> p;
      case StartsWith p -> p;
    };
  }

  private static Operand bind(Operand operand, Function<Operand.Parameter, Scalar> values) {
    return switch (operand) {
      case Operand.Parameter parameter -> values.apply(parameter);
      case Scalar scalar -> scalar;
    };
  }
}
