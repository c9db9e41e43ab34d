package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import dev.kelda.server.flight.Authentication.Identity;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import io.grpc.Attributes;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import io.grpc.health.v1.HealthGrpc;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.arrow.flight.FlightConstants;

/**
 * Runs before each call: authenticates it, puts its {@link Caller} into the gRPC context and sends
 * token and cookie back. As a transport filter it names connections and reports their end.
 */
final class CallInterceptor extends ServerTransportFilter implements ServerInterceptor {
  private static final Set<String> UPLOADS =
      Set.of(FlightConstants.SERVICE + "/DoPut", FlightConstants.SERVICE + "/DoExchange");
  private static final Attributes.Key<String> CONNECTION = Attributes.Key.create("connection");
  private static final Metadata.Key<String> AUTHORIZATION = ascii("authorization");
  private static final Metadata.Key<String> COOKIE = ascii("cookie");
  private static final Metadata.Key<String> SET_COOKIE = ascii("set-cookie");
  private static final Metadata.Key<String> SESSION = ascii("x-kelda-session");

  private final Authentication authentication;
  private final Consumer<String> onConnectionEnd;

  CallInterceptor(Authentication authentication, Consumer<String> onConnectionEnd) {
    this.authentication = requireNonNull(authentication, "authentication is null");
    this.onConnectionEnd = requireNonNull(onConnectionEnd, "onConnectionEnd is null");
  }

  @Override
  public Attributes transportReady(Attributes attributes) {
    return attributes.toBuilder().set(CONNECTION, UUID.randomUUID().toString()).build();
  }

  @Override
  public void transportTerminated(Attributes attributes) {
    String connection = attributes == null ? null : attributes.get(CONNECTION);
    if (connection != null) {
      onConnectionEnd.accept(connection);
    }
  }

  @Override
  public <Q, P> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, P> call, Metadata headers, ServerCallHandler<Q, P> next) {
    if (HealthGrpc.SERVICE_NAME.equals(call.getMethodDescriptor().getServiceName())) {
      return next.startCall(call, headers); // asked by load balancers, which have no user
    }
    Identity identity;
    try {
      identity = authentication.identify(Optional.ofNullable(headers.get(AUTHORIZATION)));
    } catch (KeldaException e) {
      call.close(status(e).withDescription(e.describe()), trailers(e));
      return new ServerCall.Listener<>() {};
    }
    String connection = call.getAttributes().get(CONNECTION);
    Caller caller =
        new Caller(
            identity.user(), connection == null ? "none" : connection, sessionCookie(headers));
    ServerCall<Q, P> answer = new Answer<>(call, caller, identity.token());
    ServerCall.Listener<Q> listener =
        Contexts.interceptCall(caller.inContext(), answer, headers, next);
    return UPLOADS.contains(call.getMethodDescriptor().getFullMethodName())
        ? new UploadGuard<>(listener, answer, caller)
        : listener;
  }

  private static Status status(KeldaException error) {
    return error.code() == ErrorCode.TOO_MANY_REQUESTS
        ? Status.RESOURCE_EXHAUSTED
        : Status.UNAUTHENTICATED;
  }

  private static Metadata trailers(KeldaException error) {
    Metadata trailers = new Metadata();
    trailers.put(ascii(FlightErrors.CODE_HEADER), error.code().name());
    trailers.put(ascii(FlightErrors.SQL_STATE_HEADER), error.code().sqlState());
    return trailers;
  }

  private static Optional<String> sessionCookie(Metadata headers) {
    String own = headers.get(SESSION);
    if (own != null && !own.isBlank()) {
      return Optional.of(own.strip());
    }
    Iterable<String> cookies = headers.getAll(COOKIE);
    if (cookies == null) {
      return Optional.empty();
    }
    for (String line : cookies) {
      Optional<String> found =
          Arrays.stream(line.split(";"))
              .map(String::strip)
              .filter(cookie -> cookie.startsWith(Caller.COOKIE + "="))
              .map(cookie -> cookie.substring(Caller.COOKIE.length() + 1).replace("\"", ""))
              .filter(id -> !id.isBlank())
              .findFirst();
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  private static Metadata.Key<String> ascii(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  /** Adds token and cookie to the headers, or to the trailers of a call that sends no headers. */
  private static final class Answer<Q, P>
      extends ForwardingServerCall.SimpleForwardingServerCall<Q, P> {
    private final Caller caller;
    private final Optional<String> token;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile boolean headersSent;

    Answer(ServerCall<Q, P> call, Caller caller, Optional<String> token) {
      super(call);
      this.caller = caller;
      this.token = token;
    }

    @Override
    public void sendHeaders(Metadata headers) {
      headersSent = true;
      add(headers);
      super.sendHeaders(headers);
    }

    @Override
    public void close(Status status, Metadata trailers) {
      if (closed.compareAndSet(false, true)) {
        if (!headersSent) {
          add(trailers);
        }
        super.close(status, trailers);
      }
    }

    private void add(Metadata headers) {
      token.ifPresent(value -> headers.put(AUTHORIZATION, "Bearer " + value));
      caller.setCookie().ifPresent(value -> headers.put(SET_COOKIE, value));
    }
  }
}
