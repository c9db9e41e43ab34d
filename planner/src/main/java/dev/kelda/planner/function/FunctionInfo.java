package dev.kelda.planner.function;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;

/**
 * One function as the registry describes it: what SHOW FUNCTIONS, {@code system.functions} and the
 * reference page show.
 *
 * @param id the name in plan.proto
 * @param names the SQL name, then its aliases; upper case
 * @param signatures as written in the registry, {@code (string varchar, count bigint) -> varchar};
 *     empty for Calcite's own syntax
 * @param syntax how a call looks where it is not {@code NAME(arguments)}
 * @param calcite fields of Calcite's operator tables that are this function
 * @param differs where the answer differs from DuckDB or PostgreSQL, and why
 */
public record FunctionInfo(
    String id,
    List<String> names,
    Kind kind,
    String category,
    List<Signature> signatures,
    Optional<String> syntax,
    List<String> calcite,
    Volatility volatility,
    Nulls nulls,
    Evaluated evaluated,
    boolean ordered,
    String description,
    Optional<String> differs,
    List<TestVector> vectors) {

  public FunctionInfo {
    requireNonNull(id, "id is null");
    names = List.copyOf(names);
    requireNonNull(kind, "kind is null");
    requireNonNull(category, "category is null");
    signatures = List.copyOf(signatures);
    requireNonNull(syntax, "syntax is null");
    calcite = List.copyOf(calcite);
    requireNonNull(volatility, "volatility is null");
    requireNonNull(nulls, "nulls is null");
    requireNonNull(evaluated, "evaluated is null");
    requireNonNull(description, "description is null");
    requireNonNull(differs, "differs is null");
    vectors = List.copyOf(vectors);
    if (names.isEmpty()) {
      throw new IllegalArgumentException("function without a name: " + id);
    }
    if (signatures.isEmpty() == calcite.isEmpty()) {
      throw new IllegalArgumentException(
          "a function has either signatures or operators of Calcite: " + id);
    }
  }

  public String name() {
    return names.getFirst();
  }

  /** The first test vector's SQL. */
  public Optional<String> example() {
    return vectors.stream().map(TestVector::sql).findFirst();
  }

  /** What takes part in a call: one row, a group, a window, or a row with its own syntax. */
  public enum Kind {
    SCALAR,
    AGGREGATE,
    WINDOW,
    OPERATOR
  }

  /** How often the value may change: never, per statement, per row. */
  public enum Volatility {
    IMMUTABLE,
    STABLE,
    VOLATILE
  }

  /** What a NULL argument does. */
  public enum Nulls {
    /** Any NULL argument makes the result NULL; otherwise it is not NULL. */
    PROPAGATE,
    /** The result may be NULL whatever the arguments are. */
    MAYBE,
    /** The result is never NULL. */
    NEVER
  }

  /** Which code computes the value. */
  public enum Evaluated {
    DATAFUSION,
    KELDA,
    JAVA,
    /** Rewritten before execution. */
    PLANNER
  }

  /**
   * A call and the answer expected of it.
   *
   * @param sql an expression; a statement where it starts with SELECT or WITH
   * @param result the value as text, {@code NULL} for NULL; empty where an error is expected or the
   *     value is not fixed
   * @param type the expected SQL type
   * @param error a part of the expected message
   * @param duckdb the expression in DuckDB's words; {@code "-"} where DuckDB has none
   */
  public record TestVector(
      String sql,
      Optional<String> result,
      Optional<String> type,
      Optional<String> error,
      Optional<String> duckdb) {
    public TestVector {
      requireNonNull(sql, "sql is null");
      requireNonNull(result, "result is null");
      requireNonNull(type, "type is null");
      requireNonNull(error, "error is null");
      requireNonNull(duckdb, "duckdb is null");
    }
  }
}
