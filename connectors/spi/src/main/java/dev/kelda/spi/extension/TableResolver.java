package dev.kelda.spi.extension;

import dev.kelda.spi.connector.Table;
import java.util.Optional;

/**
 * What a module makes of names in catalogs: {@code delays@2} is a version of a feature view, and a
 * feature view that has no rows of its own yet is its query. Thread-safe.
 */
public interface TableResolver {
  /**
   * Asked for every name that a statement resolves, so it must be quick for what is none of its
   * business.
   *
   * @param catalog as its catalog spells it, as are {@code schema} and {@code name}
   * @param stored what the catalog keeps under the name; empty: nothing
   * @return what the name means instead; empty: what is stored
   */
  Optional<Table> resolve(String catalog, String schema, String name, Optional<Table> stored);
}
