package dev.kelda.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.executor.EngineConfig;
import dev.kelda.server.config.Configuration;
import dev.kelda.server.config.PasswordHash;
import dev.kelda.server.config.ServerConfig;
import dev.kelda.spi.error.KeldaException;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.apache.arrow.flight.CancelFlightInfoRequest;
import org.apache.arrow.flight.CancelStatus;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightEndpoint;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.PollInfo;
import org.apache.arrow.flight.RenewFlightEndpointRequest;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.flight.grpc.CredentialCallOption;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tickets, back-pressure, batch sizes, cancelling and logins, with a plain Flight client. */
final class TestStreams {
  /** About 100 MB. */
  private static final String LARGE =
      "WITH d AS (SELECT * FROM (VALUES 0,1,2,3,4,5,6,7,8,9) AS v(x))"
          + " SELECT a.x AS a, b.x AS b, 'some text that takes room in every single row' AS s"
          + " FROM d a, d b, d c, d e, d f, d g";

  @TempDir Path home;
  private final BufferAllocator allocator = new RootAllocator();
  private KeldaServer server;

  @BeforeEach
  void start() {
    start(ServerConfig.DEFAULT, Limits.DEFAULT.withStalledClient(Duration.ofSeconds(2)));
  }

  private void start(ServerConfig config, Limits limits) {
    EngineConfig engine = EngineConfig.of(home).withThreads(2).withMemoryBytes(512L << 20);
    server =
        KeldaServer.start(
            new Configuration(engine, config.withAddress("127.0.0.1", 0, -1)), limits);
  }

  @AfterEach
  void stop() {
    await(() -> server.engine().metrics().arrowBytes() == 0);
    assertThat(server.engine().metrics().arrowBytes()).isZero();
    assertThat(server.engine().metrics().leakedBytes()).isZero();
    server.close();
    allocator.close();
  }

  private FlightClient client() {
    return FlightClient.builder(
            allocator, Location.forGrpcInsecure("127.0.0.1", server.flightPort()))
        .build();
  }

  private static FlightInfo info(FlightClient client, String sql) {
    return client.getInfo(FlightDescriptor.command(sql.getBytes(StandardCharsets.UTF_8)));
  }

  private static Ticket ticket(FlightInfo info) {
    return info.getEndpoints().getFirst().getTicket();
  }

  private static long rows(FlightStream stream) throws Exception {
    try (stream) {
      long rows = 0;
      while (stream.next()) {
        rows += stream.getRoot().getRowCount();
      }
      return rows;
    }
  }

  @Test
  void tellsItsHealthToAnybody() {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", server.flightPort()).usePlaintext().build();
    try {
      HealthCheckResponse response =
          HealthGrpc.newBlockingStub(channel).check(HealthCheckRequest.getDefaultInstance());
      assertThat(response.getStatus()).isEqualTo(HealthCheckResponse.ServingStatus.SERVING);
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void servesAHomeOnce() {
    EngineConfig engine = EngineConfig.of(home).withThreads(1).withMemoryBytes(512L << 20);
    Configuration same =
        new Configuration(engine, ServerConfig.DEFAULT.withAddress("127.0.0.1", 0, -1));
    assertThatThrownBy(() -> KeldaServer.start(same))
        .isInstanceOf(KeldaException.class)
        .hasMessageContaining("runs on the home folder " + home)
        .hasMessageContaining("process " + ProcessHandle.current().pid());
  }

  /** The end of a connection closes sessions that are idle. */
  @Test
  void aSessionWithALongUpdateIsNotIdle() throws Exception {
    server.close();
    start(ServerConfig.DEFAULT, Limits.DEFAULT.withSessions(100, 100, Duration.ofMillis(100)));
    try (FlightClient client = client()) {
      CompletableFuture<FlightInfo> update =
          CompletableFuture.supplyAsync(() -> info(client, "CREATE TABLE large AS " + LARGE));
      do {
        try (FlightClient other = client()) {
          other.handshake();
        }
      } while (!update.isDone());
      assertThat(update.get().getRecords()).isEqualTo(1_000_000);
    }
  }

  @Test
  void aTicketCanBeFetchedAgainAndRenewed() throws Exception {
    try (FlightClient client = client()) {
      FlightInfo info = info(client, "SELECT 1 AS x");
      assertThat(info.getEndpoints().getFirst().getExpirationTime())
          .hasValueSatisfying(expiry -> assertThat(expiry).isAfter(Instant.now()));
      assertThat(rows(client.getStream(ticket(info)))).isOne();
      assertThat(rows(client.getStream(ticket(info)))).isOne();
      FlightEndpoint renewed =
          client.renewFlightEndpoint(
              new RenewFlightEndpointRequest(info.getEndpoints().getFirst()));
      assertThat(rows(client.getStream(renewed.getTicket()))).isOne();
    }
  }

  @Test
  void aChangedTicketIsRefused() throws Exception {
    try (FlightClient client = client()) {
      byte[] bytes = ticket(info(client, "SELECT 1")).getBytes();
      for (int i = 0; i < bytes.length; i += 7) {
        byte[] changed = bytes.clone();
        changed[i] ^= 4;
        assertThatThrownBy(() -> rows(client.getStream(new Ticket(changed))))
            .isInstanceOf(FlightRuntimeException.class)
            .hasMessageContaining("INVALID_TICKET");
      }
    }
  }

  @Test
  void pollingEndsAtOnce() throws Exception {
    try (FlightClient client = client()) {
      PollInfo poll =
          client.pollInfo(FlightDescriptor.command("SELECT 1".getBytes(StandardCharsets.UTF_8)));
      assertThat(poll.getFlightDescriptor()).isEmpty();
      assertThat(rows(client.getStream(ticket(poll.getFlightInfo())))).isOne();
    }
  }

  @Test
  void largeResultsComeInSmallBatches() throws Exception {
    try (FlightClient client = client();
        FlightStream stream = client.getStream(ticket(info(client, LARGE)))) {
      long rows = 0;
      while (stream.next()) {
        VectorSchemaRoot batch = stream.getRoot();
        assertThat(batch.getRowCount()).isPositive();
        assertThat(batch.getFieldVectors().stream().mapToLong(v -> v.getBufferSize()).sum())
            .isLessThan(8 << 20);
        rows += batch.getRowCount();
      }
      assertThat(rows).isEqualTo(1_000_000);
    }
  }

  @Test
  void aSlowClientHoldsLittleMemoryAndLosesItsStream() throws Exception {
    try (FlightClient client = client();
        FlightStream stream = client.getStream(ticket(info(client, LARGE)))) {
      stream.next();
      await(() -> server.engine().metrics().arrowBytes() > 0);
      assertThat(server.engine().metrics().arrowBytes()).isLessThan(64 << 20);
      await(() -> server.engine().metrics().runningQueries() == 0);
      assertThatThrownBy(
              () -> {
                while (stream.next()) {}
              })
          .hasMessageContaining("TIMEOUT");
    }
  }

  @Test
  void aClientThatGoesAwayStopsItsQuery() throws Exception {
    try (FlightClient client = client()) {
      FlightStream stream = client.getStream(ticket(info(client, LARGE)));
      stream.next();
      stream.close();
    }
    await(() -> server.engine().metrics().runningQueries() == 0);
    assertThat(server.engine().metrics().runningQueries()).isZero();
  }

  @Test
  void aCancelledTicketDoesNotRun() throws Exception {
    try (FlightClient client = client()) {
      FlightInfo info = info(client, "SELECT 1");
      assertThat(client.cancelFlightInfo(new CancelFlightInfoRequest(info)).getStatus())
          .isEqualTo(CancelStatus.CANCELLED);
      assertThatThrownBy(() -> rows(client.getStream(ticket(info))))
          .hasMessageContaining("CANCELLED");
    }
  }

  @Test
  void anUpdateSentAsAQueryRunsOnce() throws Exception {
    try (FlightClient client = client()) {
      info(client, "CREATE TABLE t (a INTEGER)");
      FlightInfo insert = info(client, "INSERT INTO t VALUES (1), (2)");
      assertThat(insert.getRecords()).isEqualTo(2);
      assertThat(rows(client.getStream(ticket(insert)))).isZero();
      assertThat(rows(client.getStream(ticket(insert)))).isZero();
      assertThat(rows(client.getStream(ticket(info(client, "SELECT * FROM t"))))).isEqualTo(2);
    }
  }

  @Test
  void usersSeeTheirOwnTicketsOnly() throws Exception {
    server.close();
    start(
        ServerConfig.DEFAULT.withUsers(
            Map.of("ana", PasswordHash.of("one"), "bob", PasswordHash.of("two"))),
        Limits.DEFAULT);
    try (FlightClient client = client()) {
      assertThatThrownBy(() -> info(client, "SELECT 1"))
          .hasMessageContaining("AUTHENTICATION_FAILED");
      assertThatThrownBy(() -> client.authenticateBasicToken("ana", "two"))
          .hasMessageContaining("AUTHENTICATION_FAILED");
      CredentialCallOption ana = client.authenticateBasicToken("ana", "one").orElseThrow();
      CredentialCallOption bob = client.authenticateBasicToken("bob", "two").orElseThrow();
      FlightInfo info =
          client.getInfo(
              FlightDescriptor.command("SELECT 1".getBytes(StandardCharsets.UTF_8)), ana);
      assertThat(rows(client.getStream(ticket(info), ana))).isOne();
      assertThatThrownBy(() -> rows(client.getStream(ticket(info), bob)))
          .hasMessageContaining("belongs to another user");
    }
  }

  @Test
  void refusesToBeReachableWithoutUsersAndTls() {
    assertThatThrownBy(() -> ServerConfig.DEFAULT.withHost("0.0.0.0").check())
        .isInstanceOf(KeldaException.class)
        .hasMessageContaining("[[users]]");
    assertThatThrownBy(
            () ->
                ServerConfig.DEFAULT
                    .withHost("0.0.0.0")
                    .withUsers(Map.of("ana", PasswordHash.of("one")))
                    .check())
        .hasMessageContaining("tls_certificate");
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!condition.getAsBoolean() && System.nanoTime() < end) {
      try {
        Thread.sleep(20);
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }
}
