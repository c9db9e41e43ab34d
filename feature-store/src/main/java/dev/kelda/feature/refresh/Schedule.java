package dev.kelda.feature.refresh;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.registry.FeatureView;
import dev.kelda.feature.registry.FeatureViewRegistry;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.EngineServices.TableName;
import dev.kelda.spi.extension.SqlQuery;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Refreshes views with a target lag so often that their rows are never older, as long as a refresh
 * takes less than that. One thread, one view after the other; a refresh that fails is tried again
 * after the lag.
 */
public final class Schedule implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Schedule.class);
  private static final long SECONDS = 1;
  private static final long CLOSE_SECONDS = 10;

  private final EngineServices services;
  private final FeatureViewRegistry registry;
  private final Clock clock;
  private final Map<TableName, Instant> begun = new HashMap<>(); // the thread's own
  private final ScheduledThreadPoolExecutor thread =
      new ScheduledThreadPoolExecutor(
          1, task -> Thread.ofPlatform().daemon().name("kelda-refresh").unstarted(task));

  public Schedule(EngineServices services, FeatureViewRegistry registry, Clock clock) {
    this.services = requireNonNull(services, "services is null");
    this.registry = requireNonNull(registry, "registry is null");
    this.clock = requireNonNull(clock, "clock is null");
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    thread.scheduleWithFixedDelay(this::turn, SECONDS, SECONDS, TimeUnit.SECONDS);
  }

  private void turn() {
    try {
      registry.all().stream()
          .filter(view -> view.current() && view.options().materialized())
          .filter(this::isDue)
          .forEach(this::refresh);
    } catch (RuntimeException e) {
      warn("looking for views to refresh", e);
    }
  }

  private boolean isDue(FeatureView view) {
    Optional<Instant> last = Optional.ofNullable(begun.get(view.name()));
    return view.options()
        .targetLag()
        .filter(lag -> last.isEmpty() || !last.get().plus(lag).isAfter(clock.instant()))
        .isPresent();
  }

  private void refresh(FeatureView view) {
    if (thread.isShutdown()) {
      return;
    }
    begun.put(view.name(), clock.instant());
    try {
      services.execute(
          services.caller(view.createdBy()),
          SqlQuery.of("REFRESH FEATURE VIEW " + view.name().quoted()),
          List.of());
    } catch (RuntimeException e) {
      warn("refreshing " + view, e);
    }
  }

  private void warn(String what, RuntimeException e) {
    boolean closing =
        thread.isShutdown()
            || e instanceof KeldaException failure && failure.code() == ErrorCode.SHUTTING_DOWN;
    if (!closing) {
      LOG.warn("{} failed and is tried again", what, e);
    }
  }

  /** Waits for what runs. */
  @Override
  public void close() {
    thread.shutdown();
    try {
      if (!thread.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        thread.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      thread.shutdownNow();
    }
  }
}
