package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.QueryEngine;
import dev.kelda.server.Limits;
import dev.kelda.server.config.ServerConfig;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.arrow.flight.FlightServer;
import org.apache.arrow.flight.Location;
import org.apache.arrow.memory.BufferAllocator;

/** Flight SQL on one port; everything below it in this package is put together here. */
public final class FlightFront implements AutoCloseable {
  private static final Duration SWEEP = Duration.ofSeconds(30);

  private final ServerConfig config;
  private final FlightErrors errors = new FlightErrors();
  private final Authentication authentication;
  private final Sessions sessions;
  private final BufferAllocator uploads;
  private final Exchanges exchanges;
  private final ExecutorService calls;
  private final ExecutorService workers;
  private final ScheduledExecutorService sweeper;
  private final HealthStatusManager health = new HealthStatusManager();
  private final FlightServer server;

  private FlightFront(QueryEngine engine, ServerConfig config, Limits limits, String version)
      throws IOException {
    this.config = requireNonNull(config, "config is null");
    Clock clock = Clock.systemUTC();
    Tickets tickets = new Tickets(clock);
    this.sessions = new Sessions(engine, limits, clock);
    this.uploads = engine.allocator().newChildAllocator("flight-uploads", 0, limits.uploadBytes());
    this.calls = threads("kelda-call-");
    this.workers = threads("kelda-stream-");
    this.sweeper =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("kelda-sweep").factory());
    Statements statements = new Statements(engine, sessions, tickets, limits, clock);
    this.exchanges = new Exchanges(engine.exchanges(), uploads, engine.allocator());
    KeldaFlightProducer producer =
        new KeldaFlightProducer(
            engine,
            sessions,
            statements,
            new Uploads(engine, sessions, statements, uploads),
            exchanges,
            new Actions(statements, sessions, new SessionOptions(engine, sessions)),
            tickets,
            new SqlInfoTable(version, engine.functions()),
            errors,
            limits,
            workers);
    this.authentication = new Authentication(config.users(), tickets, clock);
    CallInterceptor interceptor = new CallInterceptor(authentication, sessions::connectionEnded);
    this.server = server(producer, interceptor, limits);
    sweeper.scheduleWithFixedDelay(
        sessions::sweep, SWEEP.toSeconds(), SWEEP.toSeconds(), TimeUnit.SECONDS);
  }

  /**
   * Starts to listen.
   *
   * @throws KeldaException INVALID_CONFIGURATION when the port is taken or a TLS file is not usable
   */
  public static FlightFront start(
      QueryEngine engine, ServerConfig config, Limits limits, String version) {
    try {
      FlightFront front = new FlightFront(engine, config, limits, version);
      try {
        front.server.start();
      } catch (IOException e) {
        front.close();
        throw e;
      }
      return front;
    } catch (IOException e) {
      throw new KeldaException(
          ErrorCode.INVALID_CONFIGURATION,
          "cannot listen on %s:%d: %s".formatted(config.host(), config.port(), rootMessage(e)),
          e);
    }
  }

  private FlightServer server(
      KeldaFlightProducer producer, CallInterceptor interceptor, Limits limits) throws IOException {
    Location location =
        config.tls().isPresent()
            ? Location.forGrpcTls(config.host(), config.port())
            : Location.forGrpcInsecure(config.host(), config.port());
    Consumer<NettyServerBuilder> transport =
        builder ->
            builder
                .addService(health.getHealthService())
                .intercept(interceptor)
                .addTransportFilter(interceptor)
                .maxConcurrentCallsPerConnection(limits.callsPerConnection())
                .handshakeTimeout(10, TimeUnit.SECONDS)
                .keepAliveTime(5, TimeUnit.MINUTES)
                .keepAliveTimeout(20, TimeUnit.SECONDS)
                .permitKeepAliveTime(10, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true);
    FlightServer.Builder builder =
        FlightServer.builder(uploads, location, producer)
            .executor(calls)
            .maxInboundMessageSize(limits.messageBytes())
            .setMaxHeaderListSize(limits.headerBytes())
            .backpressureThreshold(limits.queuedBytes())
            .transportHint("grpc.builderConsumer", transport);
    if (config.tls().isPresent()) {
      ServerConfig.Tls tls = config.tls().get();
      builder.useTls(tls.certificate().toFile(), tls.key().toFile());
    }
    return builder.build();
  }

  /** The port that is listened on. */
  public int port() {
    return server.getPort();
  }

  /** {@code grpc://host:port}, as clients write it. */
  public String uri() {
    String scheme = config.tls().isPresent() ? "grpc+tls" : "grpc";
    String host = config.host().contains(":") ? "[" + config.host() + "]" : config.host();
    return scheme + "://" + host + ":" + port();
  }

  /**
   * The user of an HTTP request, with the passwords and tokens of Flight.
   *
   * @param authorization the header
   * @throws KeldaException AUTHENTICATION_FAILED, TOO_MANY_REQUESTS
   */
  public String user(Optional<String> authorization) {
    return authentication.identify(authorization).user();
  }

  /** Errors sent to clients since the start. */
  public Map<ErrorCode, Long> errorCounts() {
    return errors.counts();
  }

  public int openSessions() {
    return sessions.size();
  }

  /** Arrow memory of uploads in progress. */
  public long uploadBytes() {
    return uploads.getAllocatedMemory();
  }

  /**
   * Reports NOT_SERVING, takes no new calls and waits for the running ones.
   *
   * @return whether all of them ended in time
   */
  public boolean drain(Duration most) throws InterruptedException {
    health.enterTerminalState();
    server.shutdown();
    exchanges.end();
    return server.awaitTermination(most.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Cancels what still runs, frees everything. */
  @Override
  public void close() {
    sweeper.shutdownNow();
    exchanges.end();
    sessions.close();
    try {
      server.close();
      workers.shutdown();
      calls.shutdown();
      workers.awaitTermination(10, TimeUnit.SECONDS);
      calls.awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    uploads.close();
  }

  private static ExecutorService threads(String name) {
    return Executors.newCachedThreadPool(
        Thread.ofPlatform()
            .daemon()
            .name(name, 0)
            .stackSize(QueryEngine.DEEP_STACK_BYTES)
            .factory());
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }
}
