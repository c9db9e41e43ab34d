package dev.kelda.feature;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.refresh.RefreshStatements;
import dev.kelda.feature.refresh.Refreshes;
import dev.kelda.feature.refresh.Schedule;
import dev.kelda.feature.registry.FeatureViewRegistry;
import dev.kelda.feature.registry.FeatureViewResolver;
import dev.kelda.feature.registry.RegistryCatalog;
import dev.kelda.feature.registry.ViewTables;
import dev.kelda.feature.serving.OnlineModule;
import dev.kelda.feature.statement.FeatureViewStatements;
import dev.kelda.feature.statement.SystemTables;
import dev.kelda.feature.training.DatasetStatements;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.exchange.Exchange;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.Extension;
import dev.kelda.spi.extension.ExtensionFactory;
import dev.kelda.spi.extension.Metric;
import dev.kelda.spi.extension.PlannedFunction;
import dev.kelda.spi.extension.QueryShortcut;
import dev.kelda.spi.extension.RowSink;
import dev.kelda.spi.extension.StatementHandler;
import dev.kelda.spi.extension.SystemTable;
import dev.kelda.spi.extension.TableResolver;
import dev.kelda.spi.http.HttpRoute;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What this module adds to an engine. */
public final class FeatureExtension implements Extension {
  private final EngineServices services;
  private final FeatureViewRegistry registry;
  private final ViewTables tables;
  private final RegistryCatalog onlineViews;
  private final OnlineModule online;
  private final Refreshes refreshes;
  private final DatasetStatements datasets;
  private final Schedule schedule;

  private FeatureExtension(EngineServices services) {
    this.services = requireNonNull(services, "services is null");
    this.registry = new FeatureViewRegistry(services.metastore());
    this.tables = new ViewTables(services, registry);
    this.onlineViews = new RegistryCatalog(services, registry, tables);
    this.online = new OnlineModule(services, onlineViews, Clock.systemUTC());
    this.refreshes =
        new Refreshes(
            services, tables, onlineViews, online.home(), online.loads(), online.pushes());
    this.datasets = new DatasetStatements(services);
    this.schedule = new Schedule(services, registry, Clock.systemUTC());
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
    List<StatementHandler<?>> all =
        new ArrayList<>(new FeatureViewStatements(services, registry, tables).handlers());
    all.add(new RefreshStatements(services, registry, tables, refreshes).handler());
    all.addAll(datasets.handlers());
    return all;
  }

  @Override
  public List<TableResolver> resolvers() {
    return List.of(new FeatureViewResolver(registry, tables), datasets.resolver());
  }

  @Override
  public List<SystemTable<?>> systemTables() {
    List<SystemTable<?>> all = new ArrayList<>(SystemTables.of(registry, tables));
    all.add(datasets.systemTable());
    return all;
  }

  @Override
  public List<QueryShortcut<?>> shortcuts() {
    return online.shortcuts();
  }

  @Override
  public Optional<RowSink> sink(EngineServices.NamedTable table) {
    return onlineViews.of(table).map(online::sink);
  }

  @Override
  public List<TableFunction> tableFunctions() {
    return online.tableFunctions();
  }

  @Override
  public List<PlannedFunction> functions() {
    return online.functions();
  }

  @Override
  public List<HttpRoute> routes() {
    return online.routes();
  }

  @Override
  public List<Exchange.Route> exchanges() {
    return online.exchanges();
  }

  @Override
  public List<Metric> metrics() {
    List<Metric> all = new ArrayList<>(online.metrics());
    all.addAll(refreshes.metrics());
    return all;
  }

  @Override
  public void close() {
    schedule.close();
    online.close();
  }
}
