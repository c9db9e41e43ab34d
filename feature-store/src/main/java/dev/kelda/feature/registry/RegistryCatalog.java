package dev.kelda.feature.registry;

import static java.util.Objects.requireNonNull;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.kelda.feature.online.OnlineCatalog;
import dev.kelda.feature.online.OnlineView;
import dev.kelda.feature.online.ViewLayout;
import dev.kelda.feature.registry.FeatureView.Definition;
import dev.kelda.spi.connector.SnapshotTable;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.EngineServices.NamedTable;
import dev.kelda.spi.extension.SqlQuery;
import java.util.List;
import java.util.Optional;

/** The registered views that are online, found under the names that queries find them by. */
public final class RegistryCatalog implements OnlineCatalog {
  private final EngineServices services;
  private final FeatureViewRegistry registry;
  private final ViewTables tables;
  private final Cache<Definition, ViewLayout> layouts = Caffeine.newBuilder().weakKeys().build();

  public RegistryCatalog(EngineServices services, FeatureViewRegistry registry, ViewTables tables) {
    this.services = requireNonNull(services, "services is null");
    this.registry = requireNonNull(registry, "registry is null");
    this.tables = requireNonNull(tables, "tables is null");
  }

  @Override
  public Optional<OnlineView> find(Caller caller, List<String> name) {
    return services.table(caller, name).flatMap(this::of);
  }

  /** The online view that a table belongs to. */
  public Optional<OnlineView> of(NamedTable table) {
    return ViewTables.isOurs(table.table())
        ? registry.find(table.fullName()).filter(view -> view.options().online()).map(this::online)
        : Optional.empty();
  }

  @Override
  public OnlineView view(Caller caller, List<String> name) {
    NamedTable table =
        services
            .table(caller, name)
            .orElseThrow(
                () ->
                    new KeldaException(
                        ErrorCode.TABLE_NOT_FOUND,
                        "there is no view \"" + String.join(".", name) + "\""));
    return of(table)
        .orElseThrow(
            () ->
                new KeldaException(
                    ErrorCode.INVALID_ARGUMENT,
                    ViewTables.isOurs(table.table())
                        ? "view \"%s\" is not online; ALTER FEATURE VIEW %s SET (online = true)"
                            .formatted(table.fullName(), table.name())
                        : "\"%s\" is not a feature view".formatted(table.fullName())));
  }

  @Override
  public Optional<OnlineView> byId(String id) {
    return registry.all().stream()
        .filter(view -> view.options().online() && view.toString().equals(id))
        .findFirst()
        .map(this::online);
  }

  private OnlineView online(FeatureView view) {
    return new OnlineView(view.table(), layout(view), view.options().materialized());
  }

  private ViewLayout layout(FeatureView view) {
    ViewLayout known = layouts.getIfPresent(view.definition());
    if (known != null && known.timeline().equals(view.timeline())) {
      return known;
    }
    ViewLayout made = ViewLayout.of(view.toString(), view.definition().columns(), view.timeline());
    layouts.put(view.definition(), made);
    return made;
  }

  @Override
  public SnapshotTable offline(OnlineView view) {
    if (!isRefreshed(view)) {
      services.execute(
          services.caller("kelda"),
          SqlQuery.of("REFRESH FEATURE VIEW " + view.quoted()),
          List.of());
    }
    return tables
        .stored(view.table())
        .filter(SnapshotTable.class::isInstance)
        .map(SnapshotTable.class::cast)
        .orElseThrow(
            () ->
                new KeldaException(
                    ErrorCode.NOT_SUPPORTED, "view \"" + view.id() + "\" keeps no rows"));
  }

  /** Before the first refresh a view is read as its query, and its table is empty. */
  private boolean isRefreshed(OnlineView view) {
    return tables
        .stored(view.table())
        .filter(
            table -> table instanceof SnapshotTable t && t.summary(ViewTables.REFRESH).isPresent())
        .isPresent();
  }
}
