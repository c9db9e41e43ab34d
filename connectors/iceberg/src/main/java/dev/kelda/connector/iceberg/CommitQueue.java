package dev.kelda.connector.iceberg;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.jdbc.UncheckedInterruptedException;

/**
 * Lets one change of a table at a time through, first come, first served: writers of this process
 * then meet conflicts only with other processes, and none of them starves. Tables may share a lane.
 * Thread-safe.
 */
final class CommitQueue {
  private static final int LANES = 64;

  private final ReentrantLock[] lanes =
      Stream.generate(() -> new ReentrantLock(true)).limit(LANES).toArray(ReentrantLock[]::new);

  /** One table's way in. */
  interface Lane {
    /** For what does not touch the table. */
    Lane FREE =
        new Lane() {
          @Override
          public <T> T take(Supplier<T> commit) {
            return commit.get();
          }
        };

    /**
     * Waits for its turn and runs.
     *
     * @throws UncheckedInterruptedException when the statement is stopped while it waits
     */
    <T> T take(Supplier<T> commit);

    default void take(Runnable commit) {
      take(
          () -> {
            commit.run();
            return true;
          });
    }
  }

  Lane of(TableIdentifier table) {
    ReentrantLock lock = lanes[Math.floorMod(table.hashCode(), LANES)];
    return new Lane() {
      @Override
      public <T> T take(Supplier<T> commit) {
        try {
          lock.lockInterruptibly();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new UncheckedInterruptedException(e, "Interrupted before the commit");
        }
        try {
          return commit.get();
        } finally {
          lock.unlock();
        }
      }
    };
  }
}
