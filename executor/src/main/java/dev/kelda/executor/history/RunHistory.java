package dev.kelda.executor.history;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.history.RunInfo.State;
import dev.kelda.executor.run.Failures;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.metastore.Metastore;
import dev.kelda.spi.run.Runs;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@link Runs} in the metastore. */
public final class RunHistory implements Runs, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RunHistory.class);
  private static final Duration SIGN_OF_LIFE = Duration.ofSeconds(10);
  private static final long IDLE_SECONDS = 10;

  private final RunTable table;
  private final ScheduledThreadPoolExecutor clock;

  public RunHistory(Metastore metastore) {
    this.table = new RunTable(requireNonNull(metastore, "metastore is null"));
    this.clock =
        new ScheduledThreadPoolExecutor(
            1, task -> Thread.ofPlatform().daemon().name("kelda-runs").unstarted(task));
    clock.setRemoveOnCancelPolicy(true);
    clock.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
    clock.allowCoreThreadTimeOut(true);
  }

  @Override
  public <T> T record(Subject subject, Work<T> work) {
    String id = UUID.randomUUID().toString();
    table.insert(id, subject);
    LiveProgress progress = new LiveProgress();
    ScheduledFuture<?> ticks =
        clock.scheduleWithFixedDelay(new Tick(id, progress), 1, 1, TimeUnit.SECONDS);
    try {
      T result = work.run(progress);
      end(id, progress, State.FINISHED, Optional.empty());
      return result;
    } catch (Throwable thrown) {
      KeldaException failure = Failures.of(thrown);
      State state = failure.code() == ErrorCode.CANCELLED ? State.CANCELLED : State.FAILED;
      end(id, progress, state, Optional.of(failure.code() + ": " + failure.getMessage()));
      throw thrown;
    } finally {
      ticks.cancel(false);
    }
  }

  private void end(String id, LiveProgress progress, State state, Optional<String> error) {
    try {
      table.end(id, progress.moment(), state, error);
    } catch (KeldaException e) {
      LOG.warn("the end of run {} is not in the history", id, e);
    }
  }

  /** Newest first. */
  public List<RunInfo> runs() {
    return table.all();
  }

  /** Waits for nothing: the statements that record runs have ended by now. */
  @Override
  public void close() {
    clock.shutdownNow();
  }

  /** Writes progress down when there is some, and signs of life. */
  private final class Tick implements Runnable {
    private final String id;
    private final LiveProgress progress;
    private LiveProgress.Moment written = LiveProgress.Moment.START;
    private long writtenAt = System.nanoTime();

    Tick(String id, LiveProgress progress) {
      this.id = id;
      this.progress = progress;
    }

    @Override
    public void run() {
      LiveProgress.Moment now = progress.moment();
      if (now.equals(written) && System.nanoTime() - writtenAt < SIGN_OF_LIFE.toNanos()) {
        return;
      }
      try {
        table.update(id, now);
        written = now;
        writtenAt = System.nanoTime();
      } catch (KeldaException e) {
        LOG.warn("the progress of run {} is not in the history", id, e);
      }
    }
  }
}
