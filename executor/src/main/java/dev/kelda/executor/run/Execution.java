package dev.kelda.executor.run;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.QueryInfo;
import dev.kelda.executor.QueryInfo.State;
import dev.kelda.executor.Session;
import dev.kelda.executor.proto.QueryMetrics;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.arrow.memory.BufferAllocator;

/**
 * One statement that runs. Thread-safe: any thread may cancel it, in every phase. Owns the
 * allocator of everything the statement allocates in Java.
 */
public final class Execution {
  private final String id;
  private final Session session;
  private final String sql;
  private final BufferAllocator allocator;
  private final Instant start = Instant.now();
  private final long startNanos = System.nanoTime();
  private final Map<Integer, Scan.Java> scans = new ConcurrentHashMap<>();
  private final AtomicBoolean ended = new AtomicBoolean();
  private final Set<Execution> parts = ConcurrentHashMap.newKeySet();

  private volatile State state = State.QUEUED;
  private volatile long plannedNanos;
  private volatile long endNanos;
  private volatile Optional<Instant> end = Optional.empty();
  private volatile Optional<String> error = Optional.empty();
  private volatile long rows;
  private volatile long bytes;
  private volatile long peakMemoryBytes;
  private volatile Optional<QueryMetrics> metrics = Optional.empty();
  private Optional<KeldaException> cancelled = Optional.empty(); // guarded by this
  private Optional<Runnable> stop = Optional.empty(); // guarded by this

  Execution(String id, Session session, String sql, BufferAllocator allocator) {
    this.id = requireNonNull(id, "id is null");
    this.session = requireNonNull(session, "session is null");
    this.sql = requireNonNull(sql, "sql is null");
    this.allocator = requireNonNull(allocator, "allocator is null");
  }

  public String id() {
    return id;
  }

  public Session session() {
    return session;
  }

  public String sql() {
    return sql;
  }

  public Instant start() {
    return start;
  }

  public BufferAllocator allocator() {
    return allocator;
  }

  /** The Java scans that native may open by id. */
  public Map<Integer, Scan.Java> scans() {
    return scans;
  }

  /**
   * @throws KeldaException CANCELLED or TIMEOUT when the statement shall stop
   */
  public synchronized void checkpoint() {
    if (cancelled.isPresent()) {
      throw cancelled.get();
    }
  }

  /** Why the statement was stopped, when it was. */
  public synchronized Optional<KeldaException> cancelled() {
    return cancelled;
  }

  /** Stops the statement; false when it has ended already. */
  public boolean cancel() {
    return cancel(new KeldaException(ErrorCode.CANCELLED, "query " + id + " was cancelled"));
  }

  boolean cancel(KeldaException reason) {
    Optional<Runnable> toStop;
    synchronized (this) {
      if (ended.get() || cancelled.isPresent()) {
        return !ended.get();
      }
      cancelled = Optional.of(reason);
      toStop = stop;
      notifyAll();
    }
    parts.forEach(part -> part.cancel(reason));
    toStop.ifPresent(Runnable::run);
    return true;
  }

  /**
   * Says how to stop the work that starts now; called at most once at a time.
   *
   * @throws KeldaException when the statement was stopped before
   */
  public synchronized void onCancel(Runnable action) {
    checkpoint();
    stop = Optional.of(action);
  }

  /** From now on the part is stopped when this statement is. */
  void begin(Execution part) {
    parts.add(part);
    cancelled().ifPresent(part::cancel);
  }

  void end(Execution part) {
    parts.remove(part);
  }

  public void planning() {
    checkpoint();
    state = State.PLANNING;
  }

  public void running() {
    checkpoint();
    plannedNanos = System.nanoTime();
    state = State.RUNNING;
  }

  public void counted(long moreRows, long moreBytes) {
    rows += moreRows; // one thread reads a result at a time
    bytes += moreBytes;
  }

  public long rows() {
    return rows;
  }

  /** What the operators measured; known once the native stream is closed. */
  public Optional<QueryMetrics> metrics() {
    return metrics;
  }

  void metrics(QueryMetrics measured) {
    metrics = Optional.of(measured);
    peakMemoryBytes = Math.max(peakMemoryBytes, measured.getMemoryPeakBytes());
  }

  /** True the first time: the caller then gives back what the execution holds. */
  boolean end(Optional<KeldaException> failure) {
    if (!ended.compareAndSet(false, true)) {
      return false;
    }
    endNanos = System.nanoTime();
    end = Optional.of(Instant.now());
    error = failure.map(KeldaException::describe);
    state =
        failure
            .map(f -> f.code() == ErrorCode.CANCELLED ? State.CANCELLED : State.FAILED)
            .orElse(State.FINISHED);
    synchronized (this) {
      stop = Optional.empty();
    }
    scans.clear();
    return true;
  }

  State state() {
    return state;
  }

  public QueryInfo info() {
    long until = end.isPresent() ? endNanos : System.nanoTime();
    long planned = plannedNanos == 0 ? until : plannedNanos;
    return new QueryInfo(
        id,
        session.id(),
        session.user(),
        sql,
        state,
        start,
        end,
        Duration.ofNanos(planned - startNanos),
        Duration.ofNanos(until - planned),
        rows,
        bytes,
        peakMemoryBytes,
        error);
  }
}
