package dev.kelda.feature.registry;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.registry.FeatureViewRegistry.Reference;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.Timeline;
import dev.kelda.spi.connector.View;
import dev.kelda.spi.extension.EngineServices.TableName;
import dev.kelda.spi.extension.TableResolver;
import java.util.Map;
import java.util.Optional;

/**
 * Names of feature views in queries: {@code v@2} is a version; a view that was never refreshed is
 * its query, as its table has nothing to read yet.
 */
public final class FeatureViewResolver implements TableResolver {
  private final FeatureViewRegistry registry;
  private final ViewTables tables;

  public FeatureViewResolver(FeatureViewRegistry registry, ViewTables tables) {
    this.registry = requireNonNull(registry, "registry is null");
    this.tables = requireNonNull(tables, "tables is null");
  }

  /** A version that has no rows of its own, read as its query. */
  private record Expanded(
      View.Definition definition,
      Optional<Timeline> timeline,
      Optional<String> partOf,
      String version)
      implements View {}

  @Override
  public Optional<Table> resolve(
      String catalog, String schema, String name, Optional<Table> stored) {
    TableName full = new TableName(catalog, schema, name);
    if (stored.isPresent()) {
      return ViewTables.isOurs(stored.get()) ? read(full, stored.get()) : Optional.empty();
    }
    tables.settle(Reference.of(full).view());
    Optional<FeatureView> view = registry.find(full);
    return view.flatMap(v -> tables.stored(v.table()).map(t -> read(v.table(), t).orElse(t)));
  }

  private Optional<FeatureView> version(TableName at, Table stored) {
    TableName reference = at.beside(ViewTables.reference(stored));
    Optional<FeatureView> found = registry.find(reference);
    if (found.isPresent()) {
      return found;
    }
    tables.settle(Reference.of(reference).view());
    return registry.find(reference);
  }

  private Optional<Table> read(TableName at, Table stored) {
    if (stored instanceof View || ViewTables.isRefreshed(stored)) {
      return Optional.empty();
    }
    return version(at, stored)
        .map(
            view ->
                new Expanded(
                    ViewTables.asView(view, Map.of()),
                    Optional.of(view.timeline()),
                    stored.partOf(),
                    stored.version() + "#" + view.createdAt().toEpochMilli()));
  }
}
