package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.Prepared;
import dev.kelda.executor.QueryResult;
import dev.kelda.spi.connector.Scalar;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What a ticket stands for: a query with its parameters, run at each DoGet, or an update that has
 * run and whose count is known. Thread-safe.
 */
final class Execution {
  private final String id;
  private final ServerSession session;
  private final Prepared prepared;
  private final List<List<Scalar>> parameterRows;
  private final OptionalLong updateCount;
  private final Set<QueryResult> running = new HashSet<>();
  private volatile Instant expiry;
  private boolean cancelled;

  /**
   * @param parameterRows the query runs once for each; the results follow each other
   * @param updateCount of an update, which is over
   */
  Execution(
      String id,
      ServerSession session,
      Prepared prepared,
      List<List<Scalar>> parameterRows,
      OptionalLong updateCount,
      Instant expiry) {
    this.id = requireNonNull(id, "id is null");
    this.session = requireNonNull(session, "session is null");
    this.prepared = requireNonNull(prepared, "prepared is null");
    this.parameterRows = List.copyOf(parameterRows);
    this.updateCount = requireNonNull(updateCount, "updateCount is null");
    this.expiry = requireNonNull(expiry, "expiry is null");
  }

  String id() {
    return id;
  }

  ServerSession session() {
    return session;
  }

  Prepared prepared() {
    return prepared;
  }

  List<List<Scalar>> parameterRows() {
    return parameterRows;
  }

  OptionalLong updateCount() {
    return updateCount;
  }

  Instant expiry() {
    return expiry;
  }

  void renew(Instant value) {
    expiry = requireNonNull(value, "value is null");
  }

  /** Registers a result so that {@link #cancel} reaches it. False: it was cancelled already. */
  synchronized boolean started(QueryResult result) {
    if (!cancelled) {
      running.add(result);
    }
    return !cancelled;
  }

  synchronized void ended(QueryResult result) {
    running.remove(result);
  }

  synchronized boolean isRunning() {
    return !running.isEmpty();
  }

  /** Stops what runs and refuses to run again. Whether something was running. */
  boolean cancel() {
    synchronized (this) {
      cancelled = true;
    }
    return cancelRunning();
  }

  /** Stops what runs; the ticket stays good. Whether something was running. */
  boolean cancelRunning() {
    List<QueryResult> toStop;
    synchronized (this) {
      toStop = List.copyOf(running);
    }
    toStop.forEach(QueryResult::cancel);
    return !toStop.isEmpty();
  }
}
