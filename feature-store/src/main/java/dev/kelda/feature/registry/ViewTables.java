package dev.kelda.feature.registry;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.online.OnlineView;
import dev.kelda.feature.registry.FeatureViewRegistry.Entry;
import dev.kelda.feature.registry.FeatureViewRegistry.Reference;
import dev.kelda.feature.registry.FeatureViewRegistry.State;
import dev.kelda.spi.connector.AlterableConnector;
import dev.kelda.spi.connector.ColumnTransform;
import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.SnapshotTable;
import dev.kelda.spi.connector.SortKey;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableChange;
import dev.kelda.spi.connector.TableDefinition;
import dev.kelda.spi.connector.View;
import dev.kelda.spi.connector.ViewConnector;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.EngineServices.TableName;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * The tables and views of catalogs behind feature views. The current version lies under the view's
 * name, where other engines find it; older ones lie beside it under {@code name@version}.
 *
 * <p>A change has several steps. Before the first one it is noted in the registry, and each step is
 * one that may be done again, so that whoever meets a change that was left half done completes it.
 * Thread-safe.
 */
public final class ViewTables {
  /** Begins {@link Table#partOf} of what belongs to a feature view. */
  private static final String PART_OF = "feature view ";

  /** Key in the summary of a snapshot that a refresh made: what it covers. */
  public static final String REFRESH = "kelda.refresh";

  private final EngineServices services;
  private final FeatureViewRegistry registry;
  private final Map<TableName, ReentrantLock> locks = new ConcurrentHashMap<>();

  public ViewTables(EngineServices services, FeatureViewRegistry registry) {
    this.services = requireNonNull(services, "services is null");
    this.registry = requireNonNull(registry, "registry is null");
  }

  /** The version that a name means, after what was left half done is completed. */
  public Optional<FeatureView> find(TableName name) {
    settle(Reference.of(name).view());
    Optional<FeatureView> found = registry.find(name);
    if (found.isPresent() && stored(found.get().table()).isEmpty()) {
      forget(found.get());
      return registry.find(name);
    }
    return found;
  }

  /** Its schema was dropped with all it held. */
  private void forget(FeatureView gone) {
    locked(
        gone.name(),
        () -> {
          boolean settled = isSettled(registry.entries(gone.name()));
          if (settled && stored(gone.table()).isEmpty()) {
            registry.remove(gone.name(), gone.version());
          }
          return true;
        });
  }

  /** Whether the table belongs to a feature view; the version's number is part of the text. */
  public static boolean isOurs(Table table) {
    return table.partOf().filter(owner -> owner.startsWith(PART_OF)).isPresent();
  }

  /** {@code v@2} of a table that belongs to it. */
  public static String reference(Table table) {
    return table.partOf().orElseThrow().substring(PART_OF.length());
  }

  /** {@link Table#partOf} of the view's table. */
  public static String owner(FeatureView view) {
    return PART_OF + view.reference();
  }

  /**
   * Makes a new version, which becomes the current one.
   *
   * @param draft its version and whether it is current do not count
   * @throws KeldaException TABLE_EXISTS when something else has the name; whatever the catalog
   *     refuses: then nothing has changed
   */
  public FeatureView create(FeatureView draft) {
    return locked(
        draft.name(),
        () -> {
          find(draft.name());
          requireFree(draft.name());
          FeatureView view = registry.begin(draft);
          make(view);
          return registry.find(view.name()).orElseThrow();
        });
  }

  private void requireFree(TableName name) {
    if (registry.versions(name).isEmpty() && stored(name).isPresent()) {
      throw exists(name);
    }
  }

  /** Drops versions of one view. */
  public void drop(List<FeatureView> versions) {
    TableName name = versions.getFirst().name();
    locked(
        name,
        () -> {
          versions.forEach(v -> registry.setState(name, v.version(), State.DROPPING));
          settle(name);
          return true;
        });
  }

  /** Changes a version's options, in the registry and where its table shows them. */
  public void setOptions(FeatureView view, ViewOptions options) {
    locked(
        view.name(),
        () -> {
          registry.setOptions(view.name(), view.version(), options);
          if (!options.timeToLive().equals(view.options().timeToLive())) {
            setTimeToLive(view, options);
          }
          return true;
        });
  }

  private void setTimeToLive(FeatureView view, ViewOptions options) {
    TableName at = view.table();
    if (stored(at).filter(table -> table instanceof View).isPresent()) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "the TTL of a view that is not materialized changes with CREATE OR REPLACE only");
    }
    TableChange change =
        options.timeToLive().isPresent()
            ? new TableChange.SetProperties(
                Map.of("ttl", options.timeToLive().get().toSeconds() + " seconds"))
            : new TableChange.UnsetProperties(Set.of("ttl"));
    connector(at).alterTable(at.schema(), at.name(), List.of(change));
  }

  /** Completes what somebody began and did not end. */
  void settle(TableName name) {
    if (isSettled(registry.entries(name))) {
      return;
    }
    locked(
        name,
        () -> {
          for (Entry entry : registry.entries(name)) {
            switch (entry.state()) {
              case NEW -> make(entry.view());
              case DROPPING -> remove(entry.view());
              case READY -> {}
            }
          }
          services.namesChanged();
          return true;
        });
  }

  private static boolean isSettled(List<Entry> entries) {
    return entries.stream().allMatch(entry -> entry.state() == State.READY);
  }

  /** The old version steps aside, the new one takes its place, the registry says so. */
  private void make(FeatureView view) {
    Optional<FeatureView> before = registry.find(view.name());
    try {
      before.ifPresent(old -> move(old, old.name(), old.name().beside(old.reference())));
      Optional<Table> there = stored(view.name());
      if (there.isEmpty()) {
        create(view, view.name());
      } else if (!isOf(there.get(), view)) {
        throw exists(view.name());
      }
    } catch (KeldaException e) {
      if (e.code().type() == ErrorCode.Type.USER) {
        registry.remove(view.name(), view.version());
        before.ifPresent(old -> move(old, old.name().beside(old.reference()), old.name()));
      }
      throw e;
    }
    registry.setState(view.name(), view.version(), State.READY);
    services.namesChanged();
  }

  private void create(FeatureView view, TableName at) {
    Map<String, String> properties = properties(view);
    try {
      if (view.options().materialized()) {
        connector(at)
            .createTable(
                at.schema(),
                at.name(),
                new TableDefinition(
                    view.definition().columns(),
                    Map.of(),
                    List.of(),
                    List.of(
                        new SortKey(
                            ColumnTransform.identity(List.of(view.definition().eventTime())),
                            true,
                            true)),
                    properties));
      } else {
        views(at).createView(at.schema(), at.name(), asView(view, properties), false);
      }
    } catch (KeldaException e) {
      boolean made = stored(at).filter(table -> isOf(table, view)).isPresent();
      if (!made) {
        throw e;
      }
    }
  }

  /** The version as its query. */
  static View.Definition asView(FeatureView view, Map<String, String> properties) {
    return new View.Definition(
        view.definition().columns(),
        view.definition().sql(),
        view.definition().catalog(),
        view.definition().schema(),
        Optional.of(view.options().description()).filter(text -> !text.isEmpty()),
        properties);
  }

  private static Map<String, String> properties(FeatureView view) {
    Map<String, String> properties = new HashMap<>();
    properties.put(TableDefinition.PART_OF, owner(view));
    properties.put("event_time", view.definition().eventTime());
    if (!view.definition().primaryKey().isEmpty()) {
      properties.put("primary_key", String.join(", ", view.definition().primaryKey()));
    }
    view.definition().knownAt().ifPresent(column -> properties.put("known_at", column));
    view.options()
        .timeToLive()
        .ifPresent(ttl -> properties.put("ttl", ttl.toSeconds() + " seconds"));
    if (view.options().materialized()) {
      properties.put("write.delete.mode", "merge-on-read");
      properties.put("write.merge.mode", "merge-on-read");
      // Each refresh is a commit: without this the files of old metadata would pile up.
      properties.put("write.metadata.delete-after-commit.enabled", "true");
    }
    return properties;
  }

  private void move(FeatureView view, TableName from, TableName to) {
    Optional<Table> there = stored(from).filter(table -> isOf(table, view));
    if (there.isEmpty()) {
      return;
    }
    if (there.get() instanceof View) {
      views(from).renameView(from.schema(), from.name(), to.schema(), to.name());
    } else {
      connector(from).renameTable(from.schema(), from.name(), to.schema(), to.name());
    }
  }

  private void remove(FeatureView view) {
    for (TableName at : List.of(view.name(), view.name().beside(view.reference()))) {
      Optional<Table> there = stored(at).filter(table -> isOf(table, view));
      if (there.isPresent() && there.get() instanceof View) {
        views(at).dropView(at.schema(), at.name());
      } else if (there.isPresent()) {
        connector(at).dropTable(at.schema(), at.name());
      }
    }
    TableName pushed = OnlineView.pushedTable(view.name(), view.reference());
    if (stored(pushed).isPresent()) {
      connector(pushed).dropTable(pushed.schema(), pushed.name());
    }
    registry.remove(view.name(), view.version());
  }

  private static boolean isOf(Table table, FeatureView view) {
    return table.partOf().filter(owner(view)::equals).isPresent();
  }

  /** Whether its table has rows of a refresh, and is read. */
  public boolean isRefreshed(FeatureView view) {
    return stored(view.table()).filter(ViewTables::isRefreshed).isPresent();
  }

  static boolean isRefreshed(Table stored) {
    return stored instanceof SnapshotTable table && table.summary(REFRESH).isPresent();
  }

  /** What the catalog keeps under a name. */
  public Optional<Table> stored(TableName name) {
    return services
        .connector(name.catalog())
        .flatMap(connector -> connector.table(name.schema(), name.name()));
  }

  /**
   * @throws KeldaException NOT_SUPPORTED when the catalog cannot keep feature views
   */
  public AlterableConnector connector(TableName name) {
    Connector connector = services.connector(name.catalog()).orElseThrow();
    if (connector instanceof AlterableConnector alterable && connector instanceof ViewConnector) {
      return alterable;
    }
    throw new KeldaException(
        ErrorCode.NOT_SUPPORTED,
        "catalog \"%s\" keeps no feature views; only Iceberg catalogs do"
            .formatted(name.catalog()));
  }

  private ViewConnector views(TableName name) {
    return (ViewConnector) connector(name);
  }

  private <T> T locked(TableName name, Supplier<T> work) {
    ReentrantLock lock = locks.computeIfAbsent(name, any -> new ReentrantLock());
    lock.lock();
    try {
      return work.get();
    } finally {
      lock.unlock();
    }
  }

  private static KeldaException exists(TableName name) {
    return new KeldaException(
        ErrorCode.TABLE_EXISTS, "table \"%s\" exists already".formatted(name));
  }
}
