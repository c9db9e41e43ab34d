package dev.kelda.executor;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.metastore.MetastoreConfig;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Everything an engine needs to open. {@link #of} gives the defaults; the {@code with…} methods
 * return changed copies.
 *
 * @param home absolute folder that holds the metastore, the warehouse and temporary files; always
 *     an allowed location
 * @param base folder that relative paths in SQL start from
 * @param allowedLocations further folders and object-store prefixes that SQL may read
 * @param threads native worker threads
 * @param memoryBytes budget of the native operators
 * @param spillBytes upper bound of spill files on disk
 * @param catalogs by name, in listing order; {@code system} is added by the engine
 * @param stores object-store options by URL prefix ({@code s3://bucket}); secret
 * @param secrets by name, for {@code SECRET 'name'} in ATTACH; secret
 * @param settings values of settings that new sessions start with
 * @param maxRunning queries that run at the same time
 * @param maxQueued queries that wait for their turn before TOO_MANY_REQUESTS
 * @param queryHistory finished queries that {@code system.queries} remembers
 * @param metastore where models, views and the like are registered
 * @param modules the modules' sections of the configuration, by name; secret
 */
public record EngineConfig(
    Path home,
    Path base,
    List<String> allowedLocations,
    int threads,
    long memoryBytes,
    long spillBytes,
    Map<String, CatalogConfig> catalogs,
    Map<String, Map<String, String>> stores,
    Map<String, String> secrets,
    Map<String, String> settings,
    int maxRunning,
    int maxQueued,
    int queryHistory,
    MetastoreConfig metastore,
    Map<String, Map<String, String>> modules) {

  /**
   * @param type of the connector: iceberg, files, jdbc …
   * @param properties given to the connector as they are; may hold secrets
   */
  public record CatalogConfig(String type, Map<String, String> properties) {
    public CatalogConfig {
      requireNonNull(type, "type is null");
      properties = Map.copyOf(properties);
    }
  }

  public EngineConfig {
    home = home.toAbsolutePath().normalize();
    base = base.toAbsolutePath().normalize();
    allowedLocations = List.copyOf(allowedLocations);
    catalogs = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(catalogs));
    stores = Map.copyOf(stores);
    secrets = Map.copyOf(secrets);
    settings = Map.copyOf(settings);
    modules = Map.copyOf(modules);
    requireNonNull(metastore, "metastore is null");
    if (threads < 1 || memoryBytes < 1 || maxRunning < 1 || maxQueued < 0 || queryHistory < 0) {
      throw new IllegalArgumentException("threads, memory and limits must be positive");
    }
  }

  /**
   * The defaults: catalogs {@code lake} (Iceberg in the home folder) and {@code files}, every
   * processor, 60 % of the machine's or container's memory left beside the Java heap.
   */
  public static EngineConfig of(Path home) {
    Map<String, CatalogConfig> catalogs = new LinkedHashMap<>();
    catalogs.put("lake", new CatalogConfig("iceberg", Map.of()));
    catalogs.put("files", new CatalogConfig("files", Map.of()));
    return new EngineConfig(
        home,
        Path.of(""),
        List.of(),
        Runtime.getRuntime().availableProcessors(),
        MachineMemory.nativeBudget(),
        Long.MAX_VALUE / 2,
        catalogs,
        Map.of(),
        Map.of(),
        Map.of(),
        64,
        256,
        1000,
        MetastoreConfig.EMBEDDED,
        Map.of());
  }

  public EngineConfig withBase(Path value) {
    return with(changed -> changed.base = value);
  }

  public EngineConfig withAllowedLocations(List<String> value) {
    return with(changed -> changed.allowedLocations = value);
  }

  public EngineConfig withThreads(int value) {
    return with(changed -> changed.threads = value);
  }

  public EngineConfig withMemoryBytes(long value) {
    return with(changed -> changed.memoryBytes = value);
  }

  public EngineConfig withSpillBytes(long value) {
    return with(changed -> changed.spillBytes = value);
  }

  /** Adds a catalog, or replaces the one of that name. */
  public EngineConfig withCatalog(String name, CatalogConfig catalog) {
    Map<String, CatalogConfig> changed = new LinkedHashMap<>(catalogs);
    changed.put(name, catalog);
    return withCatalogs(changed);
  }

  public EngineConfig withCatalogs(Map<String, CatalogConfig> value) {
    return with(changed -> changed.catalogs = value);
  }

  public EngineConfig withStores(Map<String, Map<String, String>> value) {
    return with(changed -> changed.stores = value);
  }

  public EngineConfig withSecrets(Map<String, String> value) {
    return with(changed -> changed.secrets = value);
  }

  public EngineConfig withSettings(Map<String, String> value) {
    return with(changed -> changed.settings = value);
  }

  public EngineConfig withAdmission(int running, int queued) {
    return with(
        changed -> {
          changed.maxRunning = running;
          changed.maxQueued = queued;
        });
  }

  /** Iceberg catalogs that name no address of their own are in the same database. */
  public EngineConfig withMetastore(MetastoreConfig value) {
    return with(changed -> changed.metastore = value);
  }

  /** The sections that modules read themselves. */
  public EngineConfig withModules(Map<String, Map<String, String>> value) {
    return with(changed -> changed.modules = value);
  }

  private EngineConfig with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.config();
  }

  /** A copy on its way to the next configuration: each component is listed here once. */
  private static final class Draft {
    private final Path home;
    private Path base;
    private List<String> allowedLocations;
    private int threads;
    private long memoryBytes;
    private long spillBytes;
    private Map<String, CatalogConfig> catalogs;
    private Map<String, Map<String, String>> stores;
    private Map<String, String> secrets;
    private Map<String, String> settings;
    private int maxRunning;
    private int maxQueued;
    private final int queryHistory;
    private MetastoreConfig metastore;
    private Map<String, Map<String, String>> modules;

    Draft(EngineConfig from) {
      home = from.home;
      base = from.base;
      allowedLocations = from.allowedLocations;
      threads = from.threads;
      memoryBytes = from.memoryBytes;
      spillBytes = from.spillBytes;
      catalogs = from.catalogs;
      stores = from.stores;
      secrets = from.secrets;
      settings = from.settings;
      maxRunning = from.maxRunning;
      maxQueued = from.maxQueued;
      queryHistory = from.queryHistory;
      metastore = from.metastore;
      modules = from.modules;
    }

    EngineConfig config() {
      return new EngineConfig(
          home,
          base,
          allowedLocations,
          threads,
          memoryBytes,
          spillBytes,
          catalogs,
          stores,
          secrets,
          settings,
          maxRunning,
          maxQueued,
          queryHistory,
          metastore,
          modules);
    }
  }

  /** Without the secret parts. */
  @Override
  public String toString() {
    return "EngineConfig[home=%s, base=%s, allowed=%s, threads=%d, memory=%d, catalogs=%s]"
        .formatted(home, base, allowedLocations, threads, memoryBytes, catalogs.keySet());
  }
}
