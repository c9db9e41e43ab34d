package dev.kelda.feature.push;

import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/** What may happen to one view at the same time. */
public final class Gate {
  private final ReentrantLock table = new ReentrantLock();
  private final ReentrantReadWriteLock publication = new ReentrantReadWriteLock();

  /** The one who writes the view's offline table, or makes its online table anew. */
  public <T> T writing(Supplier<T> work) {
    table.lock();
    try {
      return work.get();
    } finally {
      table.unlock();
    }
  }

  /** A push, from its log entry until it is online; many at a time. */
  <T> T pushing(Supplier<T> work) {
    publication.readLock().lock();
    try {
      return work.get();
    } finally {
      publication.readLock().unlock();
    }
  }

  /** Between two pushes; short. */
  <T> T betweenPushes(Supplier<T> work) {
    publication.writeLock().lock();
    try {
      return work.get();
    } finally {
      publication.writeLock().unlock();
    }
  }
}
