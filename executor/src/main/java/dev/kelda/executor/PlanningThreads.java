package dev.kelda.executor;

import dev.kelda.executor.run.Failures;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Threads with deep stacks: parser and planner recurse as deep as a statement nests, and the
 * caller's thread may have little room left.
 */
final class PlanningThreads implements AutoCloseable {
  private static final long STACK_BYTES = 256L << 20; // reserved, not used
  private static final long IDLE_SECONDS = 30;
  private static final long CLOSE_SECONDS = 10;

  private final AtomicLong next = new AtomicLong();
  private final ThreadPoolExecutor threads =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE,
          IDLE_SECONDS,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          this::make);

  private Thread make(Runnable task) {
    Thread thread = new Thread(null, task, "kelda-planning-" + next.incrementAndGet(), STACK_BYTES);
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Runs work on a deep stack and waits for it.
   *
   * @param onCancel is given what makes the caller stop waiting; the work then ends unheard
   */
  <T> T call(Consumer<Runnable> onCancel, Supplier<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    onCancel.accept(() -> result.cancel(false));
    Future<?> task =
        threads.submit(
            () -> {
              try {
                result.complete(work.get());
              } catch (Throwable thrown) {
                result.completeExceptionally(Failures.of(thrown));
              }
            });
    try {
      return result.get();
    } catch (ExecutionException e) {
      throw Failures.of(e.getCause());
    } catch (CancellationException e) {
      task.cancel(false);
      throw new KeldaException(ErrorCode.CANCELLED, "cancelled while planning", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KeldaException(ErrorCode.CANCELLED, "interrupted while planning", e);
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
    try {
      threads.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
