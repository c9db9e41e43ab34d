package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.QueryEngine;
import dev.kelda.server.Limits;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * All sessions, and what their clients hold, by id. A call belongs to the session its cookie names,
 * else to the session of its connection: clients without cookies keep their settings as long as
 * they keep their connection. Thread-safe.
 */
final class Sessions implements AutoCloseable {
  private final QueryEngine engine;
  private final Limits limits;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();
  private final Map<String, ServerSession> byId = new ConcurrentHashMap<>();
  private final Map<String, ServerSession> byConnection = new ConcurrentHashMap<>();
  private final Map<String, PreparedHandle> prepared = new ConcurrentHashMap<>();
  private final Map<String, Execution> executions = new ConcurrentHashMap<>();

  Sessions(QueryEngine engine, Limits limits, Clock clock) {
    this.engine = requireNonNull(engine, "engine is null");
    this.limits = requireNonNull(limits, "limits is null");
    this.clock = requireNonNull(clock, "clock is null");
  }

  /** The caller's session, opened when there is none yet. */
  ServerSession of(Caller caller) {
    Optional<ServerSession> named = named(caller);
    ServerSession session =
        named.orElseGet(
            () ->
                byConnection.compute(
                    caller.connection() + ' ' + caller.user(),
                    (key, existing) -> existing == null ? open(caller.user()) : existing));
    session.used(clock.instant());
    return session;
  }

  /** A call in a session, which is not idle until it is closed. */
  interface Call extends AutoCloseable {
    @Override
    void close();
  }

  Call enter(ServerSession session) {
    session.entered();
    return () -> session.left(clock.instant());
  }

  /** As {@link #of}, and the client is told its cookie. */
  ServerSession withCookie(Caller caller) {
    ServerSession session = of(caller);
    if (caller.cookie().isEmpty()) {
      session.named();
      caller.grantCookie(session.id());
    }
    return session;
  }

  /** The session that the cookie names, or the connection's; none is opened. */
  Optional<ServerSession> existing(Caller caller) {
    return named(caller)
        .or(() -> Optional.ofNullable(byConnection.get(caller.connection() + ' ' + caller.user())));
  }

  private Optional<ServerSession> named(Caller caller) {
    return caller
        .cookie()
        .map(
            id -> {
              ServerSession session = byId.get(id);
              if (session == null || !session.user().equals(caller.user())) {
                throw new KeldaException(
                    ErrorCode.INVALID_TICKET,
                    "the session of the cookie does not exist any more; connect again");
              }
              return session;
            });
  }

  private ServerSession open(String user) {
    long open = byId.values().stream().filter(session -> session.user().equals(user)).count();
    if (open >= limits.sessionsPerUser()) {
      throw new KeldaException(
          ErrorCode.TOO_MANY_REQUESTS, "user '" + user + "' has " + open + " open sessions");
    }
    ServerSession session =
        new ServerSession(
            newId(), engine.openSession(user), limits.statementsPerSession(), clock.instant());
    byId.put(session.id(), session);
    return session;
  }

  void add(PreparedHandle handle) {
    handle.session().add(handle);
    prepared.put(handle.id(), handle);
  }

  /**
   * @throws KeldaException INVALID_TICKET when it is not this user's, or closed
   */
  PreparedHandle prepared(String id, Caller caller) {
    PreparedHandle handle = prepared.get(id);
    if (handle == null || !handle.session().user().equals(caller.user())) {
      throw new KeldaException(
          ErrorCode.INVALID_TICKET, "no prepared statement of that handle; it may be closed");
    }
    handle.session().used(clock.instant());
    return handle;
  }

  void closePrepared(String id, Caller caller) {
    PreparedHandle handle = prepared.get(id);
    if (handle != null && handle.session().user().equals(caller.user())) {
      prepared.remove(id);
      handle.session().removePrepared(id);
    }
  }

  void add(Execution execution) {
    execution.session().add(execution, clock.instant()).forEach(this::forget);
    executions.put(execution.id(), execution);
  }

  Optional<Execution> execution(String id) {
    return Optional.ofNullable(executions.get(id));
  }

  void close(ServerSession session) {
    byId.remove(session.id());
    byConnection.values().removeIf(other -> other == session);
    for (PreparedHandle handle : session.preparedHandles()) {
      prepared.remove(handle.id());
    }
    for (Execution execution : session.executions()) {
      execution.cancel();
      forget(execution);
    }
    session.engineSession().close();
  }

  /** The connection is gone; its session stays only for a cookie or for tickets not yet used. */
  void connectionEnded(String connection) {
    byConnection
        .entrySet()
        .removeIf(
            entry -> {
              boolean ended = entry.getKey().startsWith(connection + ' ');
              if (ended) {
                entry.getValue().detach();
              }
              return ended;
            });
    sweep();
  }

  /** Closes sessions that nobody needs any more; forgets results that expired. */
  void sweep() {
    Instant now = clock.instant();
    Instant idleSince = now.minus(limits.sessionIdle());
    for (ServerSession session : List.copyOf(byId.values())) {
      session.expired(now).forEach(this::forget);
      if (session.isIdle(idleSince) || session.isDetachedAndDone(now)) {
        close(session);
      }
    }
  }

  int size() {
    return byId.size();
  }

  String newId() {
    byte[] bytes = new byte[16];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  @Override
  public void close() {
    List.copyOf(byId.values()).forEach(this::close);
  }

  private void forget(Execution execution) {
    executions.remove(execution.id());
  }
}
