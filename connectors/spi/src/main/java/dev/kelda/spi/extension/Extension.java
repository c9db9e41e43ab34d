package dev.kelda.spi.extension;

import dev.kelda.spi.connector.TableFunction;
import dev.kelda.spi.exchange.Exchange;
import dev.kelda.spi.http.HttpRoute;
import java.util.List;
import java.util.Optional;

/** What a module adds to one engine. Every list is asked for once, but for the metrics. */
public interface Extension extends AutoCloseable {
  /** One handler per record of the parser that this module runs. */
  default List<StatementHandler<?>> statements() {
    return List.of();
  }

  /** Queries that this module answers past the planner; asked in order. */
  default List<QueryShortcut<?>> shortcuts() {
    return List.of();
  }

  /** Who takes the rows that users insert into a table; asked for every INSERT. */
  default Optional<RowSink> sink(EngineServices.NamedTable table) {
    return Optional.empty();
  }

  /** Functions in FROM; those of connectors come first. */
  default List<TableFunction> tableFunctions() {
    return List.of();
  }

  /** Functions whose types depend on their arguments; those of the registry come first. */
  default List<PlannedFunction> functions() {
    return List.of();
  }

  /** What names of catalogs mean beside what the catalogs keep under them. */
  default List<TableResolver> resolvers() {
    return List.of();
  }

  /** What the catalog {@code system} shows of the module. */
  default List<SystemTable<?>> systemTables() {
    return List.of();
  }

  /** What the server's HTTP side answers beyond its own pages. */
  default List<HttpRoute> routes() {
    return List.of();
  }

  /** What the server's Flight side answers batch by batch. */
  default List<Exchange.Route> exchanges() {
    return List.of();
  }

  /** Asked for at every reading of {@code /metrics}. */
  default List<Metric> metrics() {
    return List.of();
  }

  /** After the last statement; lets go of threads, files and memory. */
  @Override
  void close();
}
