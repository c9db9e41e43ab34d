package dev.kelda.executor.bridge;

import static java.util.Objects.requireNonNull;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.arrow.memory.BufferAllocator;

/** One query as upcalls see it: its allocator, its open Java scans and the threads in them. */
final class QueryScope {
  private final String queryId;
  private final BufferAllocator allocator;
  private final Set<Thread> working = ConcurrentHashMap.newKeySet();
  private final Set<UpcallReader> open = ConcurrentHashMap.newKeySet();
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

  void opened(UpcallReader reader) {
    open.add(reader);
    if (interrupted) {
      reader.interrupt();
    }
  }

  void closed(UpcallReader reader) {
    open.remove(reader);
  }

  /** Interrupts everything that Java code does for this query, now and later. */
  void interrupt() {
    interrupted = true;
    working.forEach(Thread::interrupt);
    open.forEach(UpcallReader::interrupt);
  }
}
