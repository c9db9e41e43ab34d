package dev.kelda.cli.sql;

import static java.util.Objects.requireNonNull;

import dev.kelda.cli.format.Rows;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.arrow.flight.CallOption;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.grpc.CredentialCallOption;
import org.apache.arrow.flight.sql.FlightSqlClient;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/** A server over Flight SQL. Its session is that of the connection. */
public final class RemoteClient implements SqlClient {
  private static final int DEFAULT_PORT = 8815;

  private final String uri;
  private final BufferAllocator allocator;
  private final FlightClient connection;
  private final FlightSqlClient client;
  private final CallOption[] options;
  private volatile Optional<FlightStream> running = Optional.empty();

  private RemoteClient(
      String uri, BufferAllocator allocator, FlightClient connection, CallOption... options) {
    this.uri = requireNonNull(uri, "uri is null");
    this.allocator = requireNonNull(allocator, "allocator is null");
    this.connection = requireNonNull(connection, "connection is null");
    this.client = new FlightSqlClient(connection);
    this.options = options;
  }

  /**
   * @param roots PEM file of the certificates to trust; the JVM's when it is not given
   * @throws KeldaException INVALID_ARGUMENT for what is no address, AUTHENTICATION_FAILED
   */
  public static RemoteClient connect(
      String uri, Optional<String> user, Optional<String> password, Optional<Path> roots) {
    Location location = location(uri);
    BufferAllocator allocator = new RootAllocator();
    FlightClient connection = open(location, allocator, roots);
    try {
      CallOption[] options =
          user.isEmpty()
              ? new CallOption[0]
              : new CallOption[] {login(connection, user.get(), password.orElse(""))};
      return new RemoteClient(uri, allocator, connection, options);
    } catch (RuntimeException e) {
      closeAll(connection, allocator);
      throw e;
    }
  }

  private static FlightClient open(
      Location location, BufferAllocator allocator, Optional<Path> roots) {
    FlightClient.Builder builder =
        FlightClient.builder(allocator, location).maxInboundMessageSize(64 << 20);
    if (roots.isEmpty()) {
      return builder.build();
    }
    try (InputStream certificates = Files.newInputStream(roots.get())) {
      return builder.trustedCertificates(certificates).build();
    } catch (IOException e) {
      throw new KeldaException(
          ErrorCode.FILE_NOT_FOUND, "cannot read the certificates " + roots.get() + ": " + e, e);
    }
  }

  private static CallOption login(FlightClient connection, String user, String password) {
    return translated(
        () -> {
          Optional<CredentialCallOption> token = connection.authenticateBasicToken(user, password);
          return token.orElseThrow(
              () ->
                  new KeldaException(ErrorCode.AUTHENTICATION_FAILED, "the server gave no token"));
        });
  }

  @Override
  public Rows run(String sql) {
    return translated(
        () -> {
          FlightInfo info = client.execute(sql, options);
          if (info.getSchemaOptional().map(s -> s.getFields().isEmpty()).orElse(true)) {
            return Rows.update(Math.max(0, info.getRecords()), () -> {});
          }
          FlightStream stream =
              client.getStream(info.getEndpoints().getFirst().getTicket(), options);
          running = Optional.of(stream);
          return Rows.of(
              info.getSchemaOptional().orElseThrow(),
              () ->
                  translated(
                      () -> stream.next() ? Optional.of(stream.getRoot()) : Optional.empty()),
              () -> {
                running = Optional.empty();
                closeAll(stream);
              });
        });
  }

  @Override
  public void cancel() {
    running.ifPresent(stream -> stream.cancel("cancelled by the user", null));
  }

  @Override
  public String greeting() {
    return "kelda at " + uri;
  }

  @Override
  public void close() {
    closeAll(client, allocator);
  }

  private static Location location(String uri) {
    try {
      URI parsed = URI.create(uri.contains("://") ? uri : "grpc://" + uri);
      int port = parsed.getPort() < 0 ? DEFAULT_PORT : parsed.getPort();
      requireNonNull(parsed.getHost(), "no host");
      return switch (String.valueOf(parsed.getScheme())) {
        case "grpc", "grpc+tcp" -> Location.forGrpcInsecure(parsed.getHost(), port);
        case "grpc+tls" -> Location.forGrpcTls(parsed.getHost(), port);
        default -> throw new IllegalArgumentException("unknown scheme");
      };
    } catch (IllegalArgumentException | NullPointerException e) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "'" + uri + "' is no server address; write grpc://host:port or grpc+tls://host:port",
          e);
    }
  }

  private static <T> T translated(Supplier<T> call) {
    try {
      return call.get();
    } catch (FlightRuntimeException e) {
      throw RemoteErrors.translate(e);
    }
  }

  private static void closeAll(AutoCloseable... resources) {
    try {
      org.apache.arrow.util.AutoCloseables.close(resources);
    } catch (Exception e) {
      throw new KeldaException(ErrorCode.INTERNAL_ERROR, "closing: " + e.getMessage(), e);
    }
  }
}
