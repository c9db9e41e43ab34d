package dev.kelda.server;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.QueryEngine;
import dev.kelda.server.config.Configuration;
import dev.kelda.server.flight.FlightFront;
import dev.kelda.server.http.HttpFront;
import dev.kelda.server.http.Pages;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One running server: an engine with its Flight and HTTP fronts. */
public final class KeldaServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(KeldaServer.class);

  private final Configuration configuration;
  private final HomeLock lock;
  private final QueryEngine engine;
  private final FlightFront flight;
  private final Optional<HttpFront> http;
  private final AtomicBoolean ready = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();

  private KeldaServer(Configuration configuration, Limits limits) {
    this.configuration = requireNonNull(configuration, "configuration is null");
    configuration.server().check();
    this.lock = HomeLock.take(configuration.engine().home());
    try {
      this.engine = QueryEngine.open(configuration.engine());
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
    try {
      this.flight = FlightFront.start(engine, configuration.server(), limits, Version.CURRENT);
      try {
        this.http = startHttp();
      } catch (RuntimeException e) {
        flight.close();
        throw e;
      }
    } catch (RuntimeException e) {
      engine.close();
      lock.close();
      throw e;
    }
    ready.set(true);
  }

  private Optional<HttpFront> startHttp() {
    if (configuration.server().httpPort() < 0) {
      return Optional.empty();
    }
    Pages pages =
        new Pages(
            ready::get,
            () -> ServerMetrics.page(engine, flight, Version.CURRENT),
            engine.routes(),
            flight::user);
    return Optional.of(HttpFront.start(configuration.server(), pages));
  }

  /**
   * Opens the home folder and listens.
   *
   * @throws dev.kelda.spi.error.KeldaException INVALID_CONFIGURATION
   */
  public static KeldaServer start(Configuration configuration) {
    return start(configuration, Limits.DEFAULT);
  }

  public static KeldaServer start(Configuration configuration, Limits limits) {
    return new KeldaServer(configuration, limits);
  }

  public QueryEngine engine() {
    return engine;
  }

  /** {@code grpc://127.0.0.1:8815}. */
  public String flightUri() {
    return flight.uri();
  }

  public int flightPort() {
    return flight.port();
  }

  /** {@code http://127.0.0.1:8816}; empty without an HTTP front. */
  public Optional<String> httpUri() {
    return http.map(HttpFront::uri);
  }

  /** The one line that tells a script that clients may come. */
  public String readyLine() {
    return "kelda ready: %s%s home=%s"
        .formatted(
            flightUri(), httpUri().map(" "::concat).orElse(""), configuration.engine().home());
  }

  /** Not ready any more, no new calls, running ones get their time, the rest is cancelled. */
  public void shutDown() {
    ready.set(false);
    Duration most = configuration.server().drain();
    try {
      if (!flight.drain(most)) {
        LOG.warn("cancelling what still runs after {} s", most.toSeconds());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    close();
  }

  /** At once. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      ready.set(false);
      flight.close();
      engine.close();
      http.ifPresent(HttpFront::close);
      lock.close();
    }
  }
}
