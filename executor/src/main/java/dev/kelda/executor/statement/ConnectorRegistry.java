package dev.kelda.executor.statement;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.EngineConfig.CatalogConfig;
import dev.kelda.parser.OptionValue;
import dev.kelda.planner.catalog.Catalogs;
import dev.kelda.planner.catalog.Names;
import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.ConnectorContext;
import dev.kelda.spi.connector.ConnectorFactory;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes, attaches and closes the connectors behind {@link Catalogs}. Thread-safe. */
public final class ConnectorRegistry implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ConnectorRegistry.class);

  private final Catalogs catalogs = new Catalogs();
  private final Map<String, ConnectorFactory> factories = new TreeMap<>();
  private final ConnectorContext context;
  private final Map<String, String> secrets;
  private final Set<String> attached = new HashSet<>(); // guarded by this
  private final AtomicLong changes = new AtomicLong();

  public ConnectorRegistry(
      Iterable<ConnectorFactory> factories, ConnectorContext context, Map<String, String> secrets) {
    for (ConnectorFactory factory : factories) {
      this.factories.put(factory.type(), factory);
      factory.aliases().forEach(alias -> this.factories.put(alias, factory));
    }
    this.context = requireNonNull(context, "context is null");
    this.secrets = Map.copyOf(secrets);
  }

  public Catalogs catalogs() {
    return catalogs;
  }

  /** Grows with every change of what names may mean: catalogs, schemas, tables that come or go. */
  public long changes() {
    return changes.get();
  }

  public void changed() {
    changes.incrementAndGet();
  }

  /** Adds a catalog of the configuration, which DETACH refuses to remove. */
  public void configure(String catalog, CatalogConfig config) {
    register(
        catalog, factory(catalog, config.type()).create(catalog, config.properties(), context));
  }

  public void register(String catalog, Connector connector) {
    catalogs.register(catalog, connector);
    changed();
  }

  /**
   * @throws KeldaException INVALID_ARGUMENT for a name that is taken; INVALID_CONFIGURATION for an
   *     unknown type or property; ACCESS_DENIED for files outside the allowed locations
   */
  synchronized void attach(String catalog, String type, Map<String, OptionValue> options) {
    if (catalogs.find(catalog).isPresent()) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "catalog \"" + catalog + "\" exists already");
    }
    Map<String, String> properties = new HashMap<>();
    options.forEach((key, value) -> properties.put(key, text(value)));
    ConnectorFactory factory = factory(catalog, type);
    factory.locations(properties, context).forEach(context.locations()::resolve);
    register(catalog, factory.create(catalog, properties, context));
    attached.add(catalogs.find(catalog).orElseThrow().name());
  }

  /**
   * @throws KeldaException ACCESS_DENIED for a catalog of the configuration
   */
  synchronized void detach(String catalog) {
    if (!attached.remove(catalog)) {
      throw new KeldaException(
          ErrorCode.ACCESS_DENIED,
          "catalog \"" + catalog + "\" is part of the configuration and cannot be detached");
    }
    catalogs.remove(catalog).ifPresent(Connector::close);
    changed();
  }

  private ConnectorFactory factory(String catalog, String type) {
    ConnectorFactory factory = factories.get(type.toLowerCase(Locale.ROOT));
    if (factory == null) {
      throw new KeldaException(
          ErrorCode.INVALID_CONFIGURATION,
          "catalog \"%s\": there is no connector of type '%s'; there are %s%s"
              .formatted(
                  catalog, type, factories.keySet(), Names.suggestion(type, factories.keySet())));
    }
    return factory;
  }

  private String text(OptionValue value) {
    return switch (value) {
      case OptionValue.Text text -> text.value();
      case OptionValue.Secret secret -> {
        String known = secrets.get(secret.name());
        if (known == null) {
          throw new KeldaException(
              ErrorCode.INVALID_ARGUMENT,
              "there is no secret '%s' in the configuration".formatted(secret.name()));
        }
        yield known;
      }
    };
  }

  @Override
  public void close() {
    for (Catalogs.Entry entry : catalogs.entries()) {
      try {
        entry.connector().close();
      } catch (RuntimeException e) {
        LOG.warn("closing catalog {}", entry.name(), e);
      }
    }
  }
}
