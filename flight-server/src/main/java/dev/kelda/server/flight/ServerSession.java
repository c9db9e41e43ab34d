package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.Session;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An engine session with what its client holds on the server: prepared statements, and executions
 * that a ticket can still fetch. Thread-safe.
 */
final class ServerSession {
  private final String id;
  private final Session session;
  private final int mostStatements;
  private final Map<String, PreparedHandle> prepared = new LinkedHashMap<>();
  private final Map<String, Execution> waiting = new LinkedHashMap<>();
  private final Map<String, Execution> fetched = new LinkedHashMap<>();
  private final AtomicInteger calls = new AtomicInteger();
  private volatile Instant lastUsed;
  private volatile boolean named;
  private volatile boolean detached;

  ServerSession(String id, Session session, int mostStatements, Instant now) {
    this.id = requireNonNull(id, "id is null");
    this.session = requireNonNull(session, "session is null");
    this.mostStatements = mostStatements;
    this.lastUsed = requireNonNull(now, "now is null");
  }

  String id() {
    return id;
  }

  String user() {
    return session.user();
  }

  Session engineSession() {
    return session;
  }

  /** A call begins, as of an update, which may take hours; {@link #left} ends it. */
  void entered() {
    calls.incrementAndGet();
  }

  void left(Instant now) {
    lastUsed = now;
    calls.decrementAndGet();
  }

  /** Whether nothing has happened in it since then, and nothing is going on. */
  boolean isIdle(Instant since) {
    return calls.get() == 0 && lastUsed.isBefore(since) && !hasRunning();
  }

  void used(Instant now) {
    lastUsed = now;
  }

  /** Its client got a cookie: it outlives the connection. */
  void named() {
    named = true;
  }

  /** Its connection ended: unless a cookie names it, it goes as soon as nothing waits in it. */
  void detach() {
    detached = !named;
  }

  synchronized boolean isDetachedAndDone(Instant now) {
    return detached
        && waiting.values().stream().allMatch(execution -> execution.expiry().isBefore(now))
        && !hasRunning();
  }

  private synchronized boolean hasRunning() {
    return waiting.values().stream().anyMatch(Execution::isRunning)
        || fetched.values().stream().anyMatch(Execution::isRunning);
  }

  synchronized void add(PreparedHandle handle) {
    if (prepared.size() >= mostStatements) {
      throw new KeldaException(
          ErrorCode.TOO_MANY_REQUESTS,
          "the session has " + mostStatements + " prepared statements; close some");
    }
    prepared.put(handle.id(), handle);
  }

  synchronized Optional<PreparedHandle> prepared(String handle) {
    return Optional.ofNullable(prepared.get(handle));
  }

  synchronized Optional<PreparedHandle> removePrepared(String handle) {
    return Optional.ofNullable(prepared.remove(handle));
  }

  /**
   * Keeps an execution for its ticket; the oldest that were fetched give way.
   *
   * @return what was dropped
   */
  synchronized List<Execution> add(Execution execution, Instant now) {
    List<Execution> dropped = expired(now);
    if (waiting.size() >= mostStatements) {
      throw new KeldaException(
          ErrorCode.TOO_MANY_REQUESTS,
          "the session has " + mostStatements + " results that were never fetched");
    }
    waiting.put(execution.id(), execution);
    Iterator<Execution> oldest = fetched.values().iterator();
    while (waiting.size() + fetched.size() > mostStatements && oldest.hasNext()) {
      Execution candidate = oldest.next();
      if (!candidate.isRunning()) {
        dropped.add(candidate);
        oldest.remove();
      }
    }
    return dropped;
  }

  synchronized void fetched(Execution execution) {
    if (waiting.remove(execution.id()) != null) {
      fetched.put(execution.id(), execution);
    }
  }

  /** Removes what expired, from the oldest on. */
  synchronized List<Execution> expired(Instant now) {
    List<Execution> dropped = new ArrayList<>();
    dropExpired(waiting, now, dropped);
    dropExpired(fetched, now, dropped);
    return dropped;
  }

  /** Everything it holds, to be forgotten. */
  synchronized List<Execution> executions() {
    List<Execution> all = new ArrayList<>(waiting.values());
    all.addAll(fetched.values());
    return all;
  }

  synchronized List<PreparedHandle> preparedHandles() {
    return List.copyOf(prepared.values());
  }

  // Stops at the first that is still good, so that a call does not walk over all of them.
  private static void dropExpired(
      Map<String, Execution> from, Instant now, List<Execution> dropped) {
    Iterator<Execution> oldest = from.values().iterator();
    while (oldest.hasNext()) {
      Execution execution = oldest.next();
      if (!execution.expiry().isBefore(now) || execution.isRunning()) {
        return;
      }
      dropped.add(execution);
      oldest.remove();
    }
  }
}
