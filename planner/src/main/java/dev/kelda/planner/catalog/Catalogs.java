package dev.kelda.planner.catalog;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.TableResolver;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;

/** The attached catalogs by name, found whatever the case. Thread-safe; does not own connectors. */
public final class Catalogs {
  private final Map<String, Entry> entries =
      new ConcurrentSkipListMap<>(String.CASE_INSENSITIVE_ORDER);
  private volatile ModuleFunctions functions = ModuleFunctions.NONE;
  private volatile List<TableResolver> resolvers = List.of();

  /** A catalog under the name it was registered with. */
  public record Entry(String name, Connector connector) {
    public Entry {
      requireNonNull(name, "name is null");
      requireNonNull(connector, "connector is null");
    }
  }

  /**
   * @throws KeldaException INVALID_ARGUMENT when the name is taken
   */
  public void register(String name, Connector connector) {
    if (entries.putIfAbsent(name, new Entry(name, connector)) != null) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "catalog \"" + name + "\" exists already");
    }
  }

  /** The functions of the modules, from now on. */
  public void contribute(ModuleFunctions contributed) {
    functions = requireNonNull(contributed, "contributed is null");
  }

  /** What the modules make of tables' names, from now on. */
  public void resolve(List<TableResolver> contributed) {
    resolvers = List.copyOf(contributed);
  }

  /** What a full name means now: to a module, else to its catalog. */
  Optional<Table> table(Entry catalog, String schema, String name) {
    Optional<Table> stored = catalog.connector().table(schema, name);
    for (TableResolver resolver : resolvers) {
      Optional<Table> meant = resolver.resolve(catalog.name(), schema, name, stored);
      if (meant.isPresent()) {
        return meant;
      }
    }
    return stored;
  }

  public ModuleFunctions functions() {
    return functions;
  }

  /** The connector that was registered; the caller closes it. */
  public Optional<Connector> remove(String name) {
    return Optional.ofNullable(entries.remove(name)).map(Entry::connector);
  }

  public List<String> names() {
    return entries.values().stream().map(Entry::name).toList();
  }

  public List<Entry> entries() {
    return List.copyOf(entries.values());
  }

  public Optional<Entry> find(String name) {
    return Optional.ofNullable(entries.get(name));
  }
}
