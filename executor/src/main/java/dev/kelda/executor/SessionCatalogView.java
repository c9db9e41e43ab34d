package dev.kelda.executor;

import dev.kelda.executor.run.Failures;
import dev.kelda.executor.system.SystemConnector;
import dev.kelda.planner.catalog.Catalogs;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableListing;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** All catalogs, with information_schema in each. */
record SessionCatalogView(Session session, Catalogs all) implements CatalogView {
  @Override
  public List<String> catalogs() {
    return all.names();
  }

  @Override
  public List<String> schemas(String catalog) {
    List<String> schemas =
        new ArrayList<>(list(() -> all.find(catalog), entry -> entry.connector().schemas()));
    boolean known = all.find(catalog).isPresent();
    if (known && !schemas.contains(SystemConnector.INFORMATION_SCHEMA)) {
      schemas.add(SystemConnector.INFORMATION_SCHEMA);
    }
    return schemas;
  }

  @Override
  public List<TableListing> tables(String catalog, String schema) {
    return list(() -> entry(catalog, schema), entry -> entry.connector().tables(schema));
  }

  @Override
  public Optional<Table> table(String catalog, String schema, String table) {
    try {
      return entry(catalog, schema).flatMap(entry -> entry.connector().table(schema, table));
    } catch (RuntimeException e) {
      throw Failures.of(e);
    }
  }

  private Optional<Catalogs.Entry> entry(String catalog, String schema) {
    return all.find(catalog)
        .flatMap(
            entry ->
                schema.equals(SystemConnector.INFORMATION_SCHEMA)
                    ? all.find(SystemConnector.NAME)
                    : Optional.of(entry));
  }

  private static <T> List<T> list(
      Supplier<Optional<Catalogs.Entry>> entry, Function<Catalogs.Entry, List<T>> listing) {
    try {
      return entry.get().map(listing).orElse(List.of());
    } catch (RuntimeException e) {
      throw Failures.of(e);
    }
  }
}
