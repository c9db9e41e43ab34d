package dev.kelda.feature.serving;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.consistency.ConsistencyFunction;
import dev.kelda.feature.online.OnlineCatalog;
import dev.kelda.feature.online.OnlineView;
import dev.kelda.feature.push.Folder;
import dev.kelda.feature.push.Loads;
import dev.kelda.feature.push.OnlineHome;
import dev.kelda.feature.push.Pushes;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.exchange.Exchange;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.Metric;
import dev.kelda.spi.extension.PlannedFunction;
import dev.kelda.spi.extension.QueryShortcut;
import dev.kelda.spi.extension.RowSink;
import dev.kelda.spi.http.HttpRoute;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/** The online side of feature views, put together. */
public final class OnlineModule implements AutoCloseable {
  private final EngineServices services;
  private final OnlineCatalog catalog;
  private final OnlineHome home;
  private final Loads loads;
  private final Pushes pushes;
  private final Folder folder;
  private final OnlineMetrics metrics = new OnlineMetrics();
  private final Lookups lookups;

  /**
   * @throws dev.kelda.spi.error.KeldaException INVALID_CONFIGURATION for the section {@code
   *     [online]}
   */
  public OnlineModule(EngineServices services, OnlineCatalog catalog, Clock clock) {
    this.services = requireNonNull(services, "services is null");
    this.catalog = requireNonNull(catalog, "catalog is null");
    this.home = new OnlineHome(services.home(), services.options("online"), clock);
    this.loads = new Loads(services, home);
    this.pushes = new Pushes(services, home, catalog, loads);
    this.lookups = new Lookups(home, loads, metrics);
    this.folder = new Folder(home, catalog, loads, pushes);
  }

  public List<QueryShortcut<?>> shortcuts() {
    return List.of(new OnlineShortcut(catalog, lookups));
  }

  public List<TableFunction> tableFunctions() {
    return List.of(new OnlineFunction(catalog, lookups), new ConsistencyFunction(catalog));
  }

  public List<PlannedFunction> functions() {
    return List.of(
        new OnlineRowFunction(catalog, lookups, false),
        new OnlineRowFunction(catalog, lookups, true));
  }

  public List<HttpRoute> routes() {
    List<HttpRoute> routes =
        new ArrayList<>(new FeastRoutes(services, catalog, lookups, pushes, metrics).all());
    routes.add(new PredictionRoute(services, catalog).route());
    return routes;
  }

  public List<Exchange.Route> exchanges() {
    return List.of(new OnlineExchange.Route(services, catalog, lookups));
  }

  public List<Metric> metrics() {
    return metrics.all(home);
  }

  /** Takes the rows that are inserted into a view. */
  public RowSink sink(OnlineView view) {
    return (rows, context) -> {
      long count = pushes.push(view, rows);
      metrics.pushed(count);
      return count;
    };
  }

  /** For those who write a view's offline table: see {@link OnlineHome#gate}. */
  public OnlineHome home() {
    return home;
  }

  public Loads loads() {
    return loads;
  }

  public Pushes pushes() {
    return pushes;
  }

  @Override
  public void close() {
    folder.close();
    home.close();
  }
}
