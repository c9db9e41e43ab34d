package dev.kelda.planner;

import static java.util.Objects.requireNonNull;

/**
 * What a statement takes from its session.
 *
 * @param catalog default catalog of names with one or two parts
 * @param schema default schema
 */
public record SessionContext(String user, String catalog, String schema) {
  public SessionContext {
    requireNonNull(user, "user is null");
    requireNonNull(catalog, "catalog is null");
    requireNonNull(schema, "schema is null");
  }
}
