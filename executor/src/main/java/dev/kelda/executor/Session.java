package dev.kelda.executor;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.setting.SettingValues;
import dev.kelda.spi.extension.Scope;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What one client's statements share: user, current catalog and schema, settings. Thread-safe;
 * closing it cancels its running queries.
 */
public final class Session implements AutoCloseable {
  /** Where unqualified names are looked up. */
  public record Path(String catalog, String schema) {
    public Path {
      requireNonNull(catalog, "catalog is null");
      requireNonNull(schema, "schema is null");
    }
  }

  /** Where a new session looks names up. */
  public static final Path DEFAULT_PATH = new Path("lake", "main");

  private final String id;
  private final String user;
  private final SettingValues defaults;
  private final Consumer<Session> onClose;
  private final Instant created = Instant.now();
  private final Optional<Scope> scope;
  private volatile Instant lastUsed = created;
  private volatile Path path;
  private volatile SettingValues settings;
  private volatile boolean closed;

  Session(String id, String user, Path path, SettingValues defaults, Consumer<Session> onClose) {
    this(id, user, path, defaults, onClose, Optional.empty());
  }

  private Session(
      String id,
      String user,
      Path path,
      SettingValues defaults,
      Consumer<Session> onClose,
      Optional<Scope> scope) {
    this.id = requireNonNull(id, "id is null");
    this.user = requireNonNull(user, "user is null");
    this.path = requireNonNull(path, "path is null");
    this.defaults = requireNonNull(defaults, "defaults is null");
    this.settings = defaults;
    this.onClose = requireNonNull(onClose, "onClose is null");
    this.scope = scope;
  }

  /** The same session for statements of a module's own; not closed. */
  public Session within(Scope inner) {
    return new Session(
        id,
        user,
        new Path(inner.catalog(), inner.schema()),
        settings,
        closing -> {},
        Optional.of(inner));
  }

  /** Of statements that a module makes. */
  public Optional<Scope> scope() {
    return scope;
  }

  public String id() {
    return id;
  }

  public String user() {
    return user;
  }

  public Path path() {
    return path;
  }

  public String catalog() {
    return path.catalog();
  }

  public String schema() {
    return path.schema();
  }

  public SettingValues settings() {
    return settings;
  }

  /** Names and values of every setting, as text. */
  public Map<String, String> options() {
    return settings.all();
  }

  /** Sets where unqualified names are looked up; {@code USE} checks that it exists. */
  public void use(String catalog, String schema) {
    path = new Path(catalog, schema);
  }

  /**
   * @throws dev.kelda.spi.error.KeldaException SETTING_NOT_FOUND, INVALID_ARGUMENT
   */
  public synchronized void set(String name, String value) {
    settings = settings.with(name, value);
  }

  public synchronized void reset(String name) {
    settings = settings.reset(name, defaults);
  }

  public synchronized void resetAll() {
    settings = defaults;
  }

  public SessionInfo info() {
    return new SessionInfo(id, user, path.catalog(), path.schema(), created, lastUsed);
  }

  public boolean isClosed() {
    return closed;
  }

  void used() {
    lastUsed = Instant.now();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      onClose.accept(this);
    }
  }
}
