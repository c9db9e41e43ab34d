package dev.kelda.feature.push;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.online.OnlineStore;
import dev.kelda.feature.online.OnlineStoreFactory;
import dev.kelda.feature.online.OnlineViews;
import dev.kelda.feature.online.ViewLayout;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Options;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The online store and the push log of one home, opened when they are first needed: one process at
 * a time may have them. Thread-safe.
 */
public final class OnlineHome implements AutoCloseable {
  private static final Duration FOLD_INTERVAL = Duration.ofSeconds(5);

  private final Path folder;
  private final Clock clock;
  private final OnlineStoreFactory factory;
  private final Map<String, String> storeOptions;
  private final Duration foldInterval;
  private final Map<String, Gate> gates = new ConcurrentHashMap<>();
  private volatile Optional<Opened> opened = Optional.empty();
  private boolean closed; // guarded by this

  private record Opened(OnlineViews views, PushLog log) {}

  /**
   * @param home of the server
   * @param section {@code [online]} of the configuration
   * @throws KeldaException INVALID_CONFIGURATION
   */
  public OnlineHome(Path home, Map<String, String> section, Clock clock) {
    this.folder = requireNonNull(home, "home is null").resolve("online");
    this.clock = requireNonNull(clock, "clock is null");
    Options options = new Options("online", section);
    this.factory = factory(options.text("store").orElse("rocksdb"));
    this.foldInterval = options.duration("fold_interval", FOLD_INTERVAL);
    this.storeOptions = options.others();
    factory.check(storeOptions);
  }

  private static OnlineStoreFactory factory(String name) {
    List<OnlineStoreFactory> known =
        ServiceLoader.load(OnlineStoreFactory.class, OnlineHome.class.getClassLoader()).stream()
            .map(ServiceLoader.Provider::get)
            .toList();
    return known.stream()
        .filter(factory -> factory.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new KeldaException(
                    ErrorCode.INVALID_CONFIGURATION,
                    "[online] store is '%s'; it must be one of %s"
                        .formatted(
                            name, known.stream().map(OnlineStoreFactory::name).sorted().toList())));
  }

  public Clock clock() {
    return clock;
  }

  /** How often pushed rows go to the offline tables. */
  public Duration foldInterval() {
    return foldInterval;
  }

  /** Whether this home has ever had an online view. */
  public boolean isInUse() {
    return opened.isPresent() || Files.exists(folder);
  }

  /** Whether this process has the store and the log open. */
  public boolean isOpen() {
    return opened.isPresent();
  }

  public Gate gate(String view) {
    return gates.computeIfAbsent(view, any -> new Gate());
  }

  /**
   * @throws KeldaException STORAGE_ERROR when another process has the store
   */
  public OnlineViews views() {
    return opened.orElseGet(this::open).views();
  }

  /** As {@link #views}. */
  public PushLog log() {
    return opened.orElseGet(this::open).log();
  }

  private synchronized Opened open() {
    if (closed) {
      throw new KeldaException(ErrorCode.SHUTTING_DOWN, "the engine is closing");
    }
    if (opened.isEmpty()) {
      PushLog log = PushLog.open(folder.resolve("push"));
      try {
        OnlineStore store = factory.open(folder.resolve("store"), storeOptions);
        Opened fresh = new Opened(new OnlineViews(store, clock), log);
        recover(fresh);
        opened = Optional.of(fresh);
      } catch (RuntimeException e) {
        log.close();
        throw e;
      }
    }
    return opened.get();
  }

  /** A push that was cut off after its log entry comes online now. */
  private static void recover(Opened home) {
    for (String view : home.log().views()) {
      for (long after = 0; ; ) {
        List<PushLog.Entry> some = home.log().read(view, after, Long.MAX_VALUE - 1);
        if (some.isEmpty()) {
          break;
        }
        ViewLayout layout = some.getFirst().layout();
        List<OnlineViews.Encoded> rows = new ArrayList<>();
        some.forEach(entry -> rows.addAll(entry.rows()));
        if (home.views().checkpoint(layout).isPresent()) {
          home.views().merge(layout, rows, Optional.empty());
        }
        after = some.getLast().offset();
      }
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    opened.ifPresent(
        home -> {
          home.views().store().close();
          home.log().close();
        });
    opened = Optional.empty();
  }
}
