package dev.kelda.planner.catalog;

import static java.util.Objects.requireNonNull;

/**
 * A schema of an attached catalog; {@code name} is spelled as the catalog spells it if it exists.
 */
public record SchemaReference(Catalogs.Entry catalog, String name, boolean exists) {
  public SchemaReference {
    requireNonNull(catalog, "catalog is null");
    requireNonNull(name, "name is null");
  }

  @Override
  public String toString() {
    return catalog.name() + "." + name;
  }
}
