package dev.kelda.executor;

import static java.util.Objects.requireNonNull;

/**
 * One callable function, as SHOW FUNCTIONS and {@code system.functions} show it.
 *
 * @param name upper case, as written in SQL
 * @param kind SCALAR, AGGREGATE, WINDOW or TABLE
 * @param signature argument names and types, as the reference page prints them
 * @param returns result type, as the reference page prints it
 */
public record FunctionInfo(
    String name,
    Kind kind,
    String category,
    String signature,
    String returns,
    String description,
    String example) {

  public enum Kind {
    SCALAR,
    AGGREGATE,
    WINDOW,
    TABLE
  }

  public FunctionInfo {
    requireNonNull(name, "name is null");
    requireNonNull(kind, "kind is null");
    requireNonNull(category, "category is null");
    requireNonNull(signature, "signature is null");
    requireNonNull(returns, "returns is null");
    requireNonNull(description, "description is null");
    requireNonNull(example, "example is null");
  }
}
