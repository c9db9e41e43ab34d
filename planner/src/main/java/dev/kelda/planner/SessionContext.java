package dev.kelda.planner;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.extension.Caller;
import java.util.Map;

/**
 * What a statement takes from its session.
 *
 * @param catalog default catalog of names with one or two parts
 * @param schema default schema
 * @param settings as text, for functions that modules contribute
 */
public record SessionContext(
    String user, String catalog, String schema, Map<String, String> settings) implements Caller {
  public SessionContext {
    requireNonNull(user, "user is null");
    requireNonNull(catalog, "catalog is null");
    requireNonNull(schema, "schema is null");
    settings = Map.copyOf(settings);
  }

  public SessionContext(String user, String catalog, String schema) {
    this(user, catalog, schema, Map.of());
  }
}
