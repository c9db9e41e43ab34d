package dev.kelda.executor.extension;

import dev.kelda.planner.catalog.ModuleFunctions;
import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.exchange.Exchange;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.EngineServices.NamedTable;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all modules contribute. Thread-safe. */
public final class Extensions implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Extensions.class);

  private final Map<String, Extension> open = new HashMap<>();
  private final List<StatementHandler<?>> statements;
  private final ModuleFunctions functions;
  private final Map<String, PlannedFunction> byId;
  private final List<TableResolver> resolvers;
  private final List<SystemTable<?>> systemTables;
  private final List<HttpRoute> routes;
  private final List<QueryShortcut<?>> shortcuts;
  private final List<Exchange.Route> exchanges;

  public Extensions(Iterable<ExtensionFactory> factories, EngineServices services) {
    try {
      for (ExtensionFactory factory : factories) {
        if (open.put(factory.name(), factory.create(services)) != null) {
          throw new IllegalStateException("two modules are called " + factory.name());
        }
      }
      statements = all(Extension::statements);
      unique("statement", statements.stream().map(s -> s.statement().getName()));
      List<TableFunction> inFrom = all(Extension::tableFunctions);
      unique("table function", inFrom.stream().map(TableFunction::name));
      List<PlannedFunction> scalar = all(Extension::functions);
      unique("function", scalar.stream().flatMap(f -> f.names().stream()));
      byId = unique("function id", scalar, PlannedFunction::id);
      functions = new ModuleFunctions(inFrom, scalar);
      resolvers = all(Extension::resolvers);
      systemTables = all(Extension::systemTables);
      unique("system table", systemTables.stream().map(SystemTable::name));
      routes = all(Extension::routes);
      unique("route", routes.stream().map(r -> r.method() + " " + r.path()));
      shortcuts = all(Extension::shortcuts);
      exchanges = all(Extension::exchanges);
      unique("exchange", exchanges.stream().map(Exchange.Route::name));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  public List<StatementHandler<?>> statements() {
    return statements;
  }

  public ModuleFunctions functions() {
    return functions;
  }

  /** By {@link PlannedFunction#id}. */
  public Optional<PlannedFunction> function(String id) {
    return Optional.ofNullable(byId.get(id));
  }

  public List<TableResolver> resolvers() {
    return resolvers;
  }

  public List<SystemTable<?>> systemTables() {
    return systemTables;
  }

  public List<HttpRoute> routes() {
    return routes;
  }

  public List<QueryShortcut<?>> shortcuts() {
    return shortcuts;
  }

  public List<Exchange.Route> exchanges() {
    return exchanges;
  }

  /** Who takes the table's new rows. */
  public Optional<RowSink> sink(NamedTable table) {
    return open.values().stream().flatMap(e -> e.sink(table).stream()).findFirst();
  }

  public List<Metric> metrics() {
    return all(Extension::metrics);
  }

  private <T> List<T> all(Function<Extension, List<T>> what) {
    List<T> all = new ArrayList<>();
    open.values().forEach(extension -> all.addAll(what.apply(extension)));
    return List.copyOf(all);
  }

  private static void unique(String what, Stream<String> names) {
    unique(what, names.toList(), Function.identity());
  }

  private static <T> Map<String, T> unique(String what, List<T> all, Function<T, String> name) {
    Map<String, T> byName = new HashMap<>();
    for (T one : all) {
      if (byName.put(name.apply(one), one) != null) {
        throw new IllegalStateException("two modules have the " + what + " " + name.apply(one));
      }
    }
    return Map.copyOf(byName);
  }

  @Override
  public void close() {
    open.forEach(
        (name, extension) -> {
          try {
            extension.close();
          } catch (RuntimeException e) {
            LOG.warn("closing module {}", name, e);
          }
        });
    open.clear();
  }
}
