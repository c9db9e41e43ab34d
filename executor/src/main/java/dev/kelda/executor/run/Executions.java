package dev.kelda.executor.run;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.QueryInfo;
import dev.kelda.executor.QueryResult;
import dev.kelda.executor.Session;
import dev.kelda.executor.setting.Settings;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The statements that run, and the last ones that ran. Thread-safe. */
public final class Executions implements AutoCloseable {
  /** Set to true, a statement that leaks Arrow memory fails; tests set it. */
  public static final String STRICT = "kelda.strict.allocators";

  private static final Logger LOG = LoggerFactory.getLogger(Executions.class);
  private static final long CLOSE_SECONDS = 10;

  private final BufferAllocator root;
  private final Admission admission;
  private final int historySize;
  private final String prefix = Long.toHexString(System.currentTimeMillis());
  private final AtomicLong next = new AtomicLong();
  private final Map<String, Execution> running = new ConcurrentHashMap<>();
  private final Deque<QueryInfo> history = new ArrayDeque<>(); // guarded by itself
  private final ScheduledThreadPoolExecutor timeouts;
  private final LongAdder finished = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder cancelled = new LongAdder();
  private final LongAdder rows = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final LongAdder leaked = new LongAdder();
  private volatile boolean closed;

  public Executions(BufferAllocator root, int maxRunning, int maxQueued, int historySize) {
    this.root = requireNonNull(root, "root is null");
    this.admission = new Admission(maxRunning, maxQueued);
    this.historySize = historySize;
    this.timeouts =
        new ScheduledThreadPoolExecutor(
            1, task -> Thread.ofPlatform().daemon().name("kelda-timeouts").unstarted(task));
    timeouts.setRemoveOnCancelPolicy(true);
  }

  /**
   * Runs one statement from admission until its result is closed.
   *
   * @param work plans and starts the statement; whatever it throws ends the execution
   * @throws KeldaException whatever goes wrong
   */
  public QueryResult run(Session session, String sql, Function<Execution, Outcome> work) {
    Execution execution = begin(session, sql);
    boolean admitted = false;
    Runnable stopClock = () -> {};
    try {
      stopClock = startClock(execution);
      admission.enter(execution);
      admitted = true;
      execution.planning();
      Outcome outcome = work.apply(execution);
      return new RunningResult(this, execution, outcome, stopClock, true);
    } catch (Throwable thrown) {
      KeldaException failure = Failures.of(execution, thrown);
      stopClock.run();
      end(execution, Optional.of(failure), admitted);
      throw failure;
    }
  }

  /**
   * Runs a statement as a part of another one: in its place, stopped with it, without a clock of
   * its own.
   *
   * @throws KeldaException whatever goes wrong
   */
  public QueryResult runPart(
      Execution whole, Session session, String sql, Function<Execution, Outcome> work) {
    whole.checkpoint();
    Execution execution = begin(session, sql);
    Runnable detach = () -> whole.end(execution);
    try {
      whole.begin(execution);
      execution.planning();
      return new RunningResult(this, execution, work.apply(execution), detach, false);
    } catch (Throwable thrown) {
      KeldaException failure = Failures.of(execution, thrown);
      detach.run();
      end(execution, Optional.of(failure), false);
      throw failure;
    }
  }

  private Execution begin(Session session, String sql) {
    if (closed) {
      throw new KeldaException(ErrorCode.SHUTTING_DOWN, "the engine is closing");
    }
    String id = prefix + "-" + next.incrementAndGet();
    Execution execution =
        new Execution(id, session, sql, root.newChildAllocator(id, 0, Long.MAX_VALUE));
    running.put(id, execution);
    return execution;
  }

  private Runnable startClock(Execution execution) {
    Duration timeout = execution.session().settings().value(Settings.STATEMENT_TIMEOUT);
    if (timeout.isZero()) {
      return () -> {};
    }
    KeldaException reason =
        new KeldaException(
            ErrorCode.TIMEOUT,
            "the statement ran longer than statement_timeout = %d ms"
                .formatted(timeout.toMillis()));
    var clock =
        timeouts.schedule(
            () -> execution.cancel(reason), timeout.toMillis(), TimeUnit.MILLISECONDS);
    return () -> clock.cancel(false);
  }

  /** Gives back what the execution holds, once. */
  void end(Execution execution, Optional<KeldaException> failure, boolean admitted) {
    if (!execution.end(failure)) {
      return;
    }
    running.remove(execution.id());
    if (admitted) {
      admission.leave();
    }
    QueryInfo info = execution.info();
    rows.add(info.rows());
    bytes.add(info.bytes());
    switch (info.state()) {
      case FINISHED -> finished.increment();
      case CANCELLED -> cancelled.increment();
      case FAILED -> failed.increment();
      case QUEUED, PLANNING, RUNNING -> throw new IllegalStateException("not ended: " + info);
    }
    synchronized (history) {
      history.addLast(info);
      while (history.size() > historySize) {
        history.removeFirst();
      }
    }
    closeAllocator(execution);
  }

  private void closeAllocator(Execution execution) {
    long left = execution.allocator().getAllocatedMemory();
    if (left == 0) {
      execution.allocator().close();
      return;
    }
    leaked.add(left);
    LOG.error("query {} leaked {} bytes: {}", execution.id(), left, execution.sql());
    if (Boolean.getBoolean(STRICT)) {
      throw new IllegalStateException(
          "query leaked " + left + " bytes: " + execution.allocator().toVerboseString());
    }
  }

  public Optional<Execution> find(String id) {
    return Optional.ofNullable(running.get(id));
  }

  /** False when no such query runs. */
  public boolean cancel(String id) {
    return find(id).map(Execution::cancel).orElse(false);
  }

  public void cancelAll(Session session) {
    running.values().stream().filter(e -> e.session() == session).forEach(Execution::cancel);
  }

  /** Running ones, then finished ones, each newest first. */
  public List<QueryInfo> queries() {
    List<QueryInfo> all = new ArrayList<>();
    running.values().stream()
        .map(Execution::info)
        .sorted((a, b) -> b.start().compareTo(a.start()))
        .forEach(all::add);
    synchronized (history) {
      history.descendingIterator().forEachRemaining(all::add);
    }
    return all;
  }

  public Counts counts() {
    return new Counts(
        running.size() - admission.queued(),
        admission.queued(),
        finished.sum(),
        failed.sum(),
        cancelled.sum(),
        rows.sum(),
        bytes.sum(),
        leaked.sum());
  }

  /** Sums since the start; the first two are now. */
  public record Counts(
      long running,
      long queued,
      long finished,
      long failed,
      long cancelled,
      long rows,
      long bytes,
      long leakedBytes) {}

  /** Refuses new statements, cancels the running ones and waits for them, a while. */
  @Override
  public void close() {
    closed = true;
    running.values().forEach(Execution::cancel);
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(CLOSE_SECONDS);
    while (!running.isEmpty() && System.nanoTime() < until) {
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
    }
    if (!running.isEmpty()) {
      LOG.warn("results that nobody closed: {}", running.keySet());
    }
    timeouts.shutdownNow();
  }
}
