package dev.kelda.feature.push;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.online.OnlineCatalog;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** In the background: pushed rows go offline, offline tables that others wrote come online. */
public final class Folder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Folder.class);
  private static final long CLOSE_SECONDS = 10;

  private final OnlineHome home;
  private final OnlineCatalog catalog;
  private final Loads loads;
  private final Pushes pushes;
  private final ScheduledThreadPoolExecutor thread =
      new ScheduledThreadPoolExecutor(
          1, task -> Thread.ofPlatform().daemon().name("kelda-online").unstarted(task));

  public Folder(OnlineHome home, OnlineCatalog catalog, Loads loads, Pushes pushes) {
    this.home = requireNonNull(home, "home is null");
    this.catalog = requireNonNull(catalog, "catalog is null");
    this.loads = requireNonNull(loads, "loads is null");
    this.pushes = requireNonNull(pushes, "pushes is null");
    thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    long millis = Math.max(1, home.foldInterval().toMillis());
    thread.scheduleWithFixedDelay(this::turn, millis, millis, TimeUnit.MILLISECONDS);
  }

  private void turn() {
    if (!home.isInUse()) {
      return;
    }
    try {
      home.log().views().forEach(view -> quietly("folding " + view, () -> pushes.fold(view)));
      loads
          .ready()
          .forEach(
              view ->
                  quietly("loading " + view, () -> catalog.byId(view).ifPresent(loads::catchUp)));
    } catch (RuntimeException e) {
      LOG.debug("the online store is not ours", e); // another process of this home has it
    }
  }

  private void quietly(String what, Runnable work) {
    try {
      work.run();
    } catch (KeldaException e) {
      if (e.code() != ErrorCode.SHUTTING_DOWN && !thread.isShutdown()) {
        LOG.warn("{} failed and is tried again", what, e);
      }
    } catch (RuntimeException e) {
      LOG.error("{} failed and is tried again", what, e);
    }
  }

  /** Waits for what runs; what is in the log stays there for the next start. */
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
