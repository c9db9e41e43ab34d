package dev.kelda.planner;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.extension.Caller;
import java.util.Map;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * What a statement takes from its session.
 *
 * @param catalog default catalog of names with one or two parts
 * @param schema default schema
 * @param settings as text, for functions that modules contribute
 * @param parameters types of {@code ?}s by their index from 0, where the values that are given need
 *     another one than the statement alone would say
 */
public record SessionContext(
    String user,
    String catalog,
    String schema,
    Map<String, String> settings,
    Map<Integer, Field> parameters)
    implements Caller {
  public SessionContext {
    requireNonNull(user, "user is null");
    requireNonNull(catalog, "catalog is null");
    requireNonNull(schema, "schema is null");
    settings = Map.copyOf(settings);
    parameters = Map.copyOf(parameters);
  }

  public SessionContext(String user, String catalog, String schema) {
    this(user, catalog, schema, Map.of(), Map.of());
  }
}
