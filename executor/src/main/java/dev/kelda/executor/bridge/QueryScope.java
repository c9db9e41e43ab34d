package dev.kelda.executor.bridge;

import static java.util.Objects.requireNonNull;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.arrow.memory.BufferAllocator;

/** One query as upcalls see it: its allocator and the threads that run its Java scans. */
final class QueryScope {
  private final String queryId;
  private final BufferAllocator allocator;
  private final Set<Thread> working = ConcurrentHashMap.newKeySet();
  private volatile boolean interrupted;

  QueryScope(String queryId, BufferAllocator allocator) {
    this.queryId = requireNonNull(queryId, "queryId is null");
    this.allocator = requireNonNull(allocator, "allocator is null");
  }

  String queryId() {
    return queryId;
  }

  BufferAllocator allocator() {
    return allocator;
  }

  /** The calling thread enters Java code on behalf of this query. */
  void enter() {
    working.add(Thread.currentThread());
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** And leaves it. The interrupt flag does not outlive the visit: the thread is pooled. */
  void leave() {
    working.remove(Thread.currentThread());
    Thread.interrupted();
  }

  /** Interrupts everything that Java code does for this query, now and later. */
  void interrupt() {
    interrupted = true;
    working.forEach(Thread::interrupt);
  }
}
