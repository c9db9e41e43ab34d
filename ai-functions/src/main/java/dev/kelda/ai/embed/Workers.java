package dev.kelda.ai.embed;

import static java.util.Objects.requireNonNull;

import ai.onnxruntime.OrtException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Works on pieces with a fixed number of processors, whoever asks: callers work themselves, helped
 * by the threads that are free. Thread-safe.
 */
final class Workers implements AutoCloseable {
  private static final long IDLE_SECONDS = 10;

  private final int threads;
  private final Semaphore processors;
  private final ThreadPoolExecutor helpers;

  /**
   * @param threads how many pieces are worked on at a time
   */
  Workers(String name, int threads) {
    requireNonNull(name, "name is null");
    this.threads = threads;
    this.processors = new Semaphore(threads);
    this.helpers =
        new ThreadPoolExecutor(
            threads,
            threads,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> Thread.ofPlatform().daemon().name(name).unstarted(task));
    helpers.allowCoreThreadTimeOut(true);
  }

  /** What is done with one piece. */
  interface Work<T> {
    void on(T piece) throws OrtException;
  }

  /**
   * Works on every piece and returns when all is done. After the first failure no other piece is
   * begun; those that were are waited for.
   */
  <T> void forEach(List<T> pieces, Work<T> work) throws OrtException {
    AtomicInteger next = new AtomicInteger();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Runnable share =
        () -> {
          for (int i = next.getAndIncrement(); i < pieces.size(); i = next.getAndIncrement()) {
            processors.acquireUninterruptibly();
            try {
              work.on(pieces.get(i));
            } catch (OrtException | RuntimeException | Error e) {
              failure.compareAndSet(null, e);
              next.set(pieces.size());
            } finally {
              processors.release();
            }
          }
        };
    List<Helper> helping = new ArrayList<>();
    for (int i = 1; i < Math.min(threads, pieces.size()); i++) {
      Helper helper = new Helper(share, new CountDownLatch(1));
      helping.add(helper);
      helpers.execute(helper);
    }
    share.run();
    for (Helper helper : helping) {
      if (!helpers.remove(helper)) { // it has begun
        helper.await();
      }
    }
    switch (failure.get()) {
      case null -> {}
      case OrtException e -> throw e;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new IllegalStateException(e);
    }
  }

  private record Helper(Runnable share, CountDownLatch done) implements Runnable {
    @Override
    public void run() {
      try {
        share.run();
      } finally {
        done.countDown();
      }
    }

    /** An interrupt does not end the wait: the pieces use memory that the caller lets go of. */
    void await() {
      boolean interrupted = false;
      while (true) {
        try {
          done.await();
          break;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    helpers.shutdownNow();
  }
}
