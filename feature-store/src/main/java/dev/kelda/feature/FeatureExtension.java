package dev.kelda.feature;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.registry.FeatureViewRegistry;
import dev.kelda.feature.registry.FeatureViewResolver;
import dev.kelda.feature.registry.ViewTables;
import dev.kelda.feature.statement.FeatureViewStatements;
import dev.kelda.feature.statement.SystemTables;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.Extension;
import dev.kelda.spi.extension.ExtensionFactory;
import dev.kelda.spi.extension.StatementHandler;
import dev.kelda.spi.extension.SystemTable;
import dev.kelda.spi.extension.TableResolver;
import java.util.List;

/** What this module adds to an engine. */
public final class FeatureExtension implements Extension {
  private final EngineServices services;
  private final FeatureViewRegistry registry;
  private final ViewTables tables;

  private FeatureExtension(EngineServices services) {
    this.services = requireNonNull(services, "services is null");
    this.registry = new FeatureViewRegistry(services.metastore());
    this.tables = new ViewTables(services, registry);
  }

  /** Found by ServiceLoader. */
  public static final class Factory implements ExtensionFactory {
    @Override
    public String name() {
      return "feature";
    }

    @Override
    public Extension create(EngineServices services) {
      return new FeatureExtension(services);
    }
  }

  @Override
  public List<StatementHandler<?>> statements() {
    return new FeatureViewStatements(services, registry, tables).handlers();
  }

  @Override
  public List<TableResolver> resolvers() {
    return List.of(new FeatureViewResolver(registry, tables));
  }

  @Override
  public List<SystemTable<?>> systemTables() {
    return SystemTables.of(registry, tables);
  }

  @Override
  public void close() {}
}
