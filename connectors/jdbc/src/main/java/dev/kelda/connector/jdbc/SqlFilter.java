package dev.kelda.connector.jdbc;

import dev.kelda.connector.jdbc.RemoteColumn.Comparable;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Operand;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scalar;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.ArrowType;

/**
 * A condition in the remote dialect that the database decides exactly as Kelda would.
 *
 * @param operands in the order of the placeholders
 */
record SqlFilter(String sql, List<Operand> operands) {
  private static final int MAX_IN_VALUES = 1000;

  SqlFilter {
    operands = List.copyOf(operands);
  }

  /** Empty when the database might decide differently. */
  static Optional<SqlFilter> of(Dialect dialect, List<RemoteColumn> columns, Predicate predicate) {
    Translation translation = new Translation(dialect, columns);
    return translation.translate(predicate).map(sql -> new SqlFilter(sql, translation.operands));
  }

  private static final class Translation {
    private final Dialect dialect;
    private final List<RemoteColumn> columns;
    private final List<Operand> operands = new ArrayList<>();

    Translation(Dialect dialect, List<RemoteColumn> columns) {
      this.dialect = dialect;
      this.columns = columns;
    }

    Optional<String> translate(Predicate predicate) {
      return switch (predicate) {
        case Predicate.Comparison c -> compare(c);
        case Predicate.In in -> in(in);
        case Predicate.IsNull p -> Optional.of(columns.get(p.column()).filter() + " IS NULL");
        case Predicate.IsNotNull p ->
            Optional.of(columns.get(p.column()).filter() + " IS NOT NULL");
        case Predicate.StartsWith p -> startsWith(p);
        case Predicate.And and -> combine(and.terms(), " AND ", "1 = 1");
        case Predicate.Or or -> combine(or.terms(), " OR ", "1 = 0");
        case Predicate.Not not -> translate(not.term()).map(term -> "NOT (" + term + ")");
      };
    }

    private Optional<String> combine(List<Predicate> terms, String operator, String none) {
      List<String> parts = new ArrayList<>();
      for (Predicate term : terms) {
        Optional<String> part = translate(term);
        if (part.isEmpty()) {
          return Optional.empty();
        }
        parts.add("(" + part.get() + ")");
      }
      return Optional.of(parts.isEmpty() ? none : String.join(operator, parts));
    }

    private Optional<String> compare(Predicate.Comparison comparison) {
      RemoteColumn column = columns.get(comparison.column());
      Predicate.Operator operator = comparison.operator();
      boolean order =
          operator != Predicate.Operator.EQUAL && operator != Predicate.Operator.NOT_EQUAL;
      boolean allowed =
          order
              ? column.comparable() == Comparable.ORDER
              : column.comparable() != Comparable.NOTHING;
      if (!allowed || !usable(column, comparison.value())) {
        return Optional.empty();
      }
      operands.add(comparison.value());
      return Optional.of(
          expression(column, order)
              + " "
              + operator.symbol()
              + " "
              + dialect.placeholder(column.type()));
    }

    private Optional<String> in(Predicate.In in) {
      RemoteColumn column = columns.get(in.column());
      boolean allowed =
          column.comparable() != Comparable.NOTHING
              && !in.values().isEmpty()
              && in.values().size() <= MAX_IN_VALUES
              && in.values().stream().allMatch(value -> usable(column, value));
      if (!allowed) {
        return Optional.empty();
      }
      operands.addAll(in.values());
      String placeholders =
          String.join(
              ", ", in.values().stream().map(v -> dialect.placeholder(column.type())).toList());
      return Optional.of(expression(column, false) + " IN (" + placeholders + ")");
    }

    private Optional<String> startsWith(Predicate.StartsWith predicate) {
      RemoteColumn column = columns.get(predicate.column());
      Scalar prefix = Scalar.of(CanonicalTypes.UTF8, predicate.prefix());
      boolean text = column.type().equals(CanonicalTypes.UTF8);
      if (!text || column.comparable() != Comparable.ORDER || !usable(column, prefix)) {
        return Optional.empty();
      }
      operands.add(prefix);
      return Optional.of(dialect.startsWith(column.filter(), predicate.prefix()));
    }

    // Equality of strings is by code points already wherever collations are deterministic, and
    // naming one would keep the database from using its index; SQLite's NOCASE is not.
    private String expression(RemoteColumn column, boolean order) {
      boolean collate =
          column.type().equals(CanonicalTypes.UTF8) && (order || dialect instanceof SqliteDialect);
      return collate ? dialect.byCodePoint(column.filter()) : column.filter();
    }

    private boolean usable(RemoteColumn column, Operand operand) {
      return switch (operand) {
        case Operand.Parameter ignored ->
            dialect.comparesNaN() || !(column.type() instanceof ArrowType.FloatingPoint);
        case Scalar scalar -> scalar.value().map(value -> usable(value)).orElse(true);
      };
    }

    private boolean usable(Object value) {
      return switch (value) {
        case Double number -> dialect.comparesNaN() || !number.isNaN();
        case String text -> text.indexOf('\0') < 0;
        case byte[] ignored -> false;
        default -> true;
      };
    }
  }
}
