package dev.kelda.executor.run;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** So many statements run at a time, so many wait in line; the rest is refused at once. */
final class Admission {
  private static final long CHECK_MILLIS = 50;

  private final int maxRunning;
  private final int maxQueued;
  private final Semaphore places;
  private final AtomicInteger waiting = new AtomicInteger();

  Admission(int maxRunning, int maxQueued) {
    this.maxRunning = maxRunning;
    this.maxQueued = maxQueued;
    this.places = new Semaphore(maxRunning, true);
  }

  /**
   * Waits for a place; {@link #leave} gives it back.
   *
   * @throws KeldaException TOO_MANY_REQUESTS when the line is full; why the execution was stopped
   */
  void enter(Execution execution) {
    if (places.tryAcquire()) {
      return;
    }
    if (waiting.incrementAndGet() > maxQueued) {
      waiting.decrementAndGet();
      throw new KeldaException(
          ErrorCode.TOO_MANY_REQUESTS,
          "%d queries run and %d wait; try again later".formatted(maxRunning, maxQueued));
    }
    try {
      while (!places.tryAcquire(CHECK_MILLIS, TimeUnit.MILLISECONDS)) {
        execution.checkpoint();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KeldaException(ErrorCode.CANCELLED, "interrupted while waiting to run", e);
    } finally {
      waiting.decrementAndGet();
    }
  }

  void leave() {
    places.release();
  }

  int queued() {
    return waiting.get();
  }
}
