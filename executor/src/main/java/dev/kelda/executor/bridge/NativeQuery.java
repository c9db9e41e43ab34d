package dev.kelda.executor.bridge;

import dev.kelda.executor.proto.QueryMetrics;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.arrow.vector.ipc.ArrowReader;

/**
 * A running query. {@link #cancel} may be called from any thread, everything else from one at a
 * time.
 */
public final class NativeQuery implements AutoCloseable {
  private final NativeEngine engine;
  private final long handle;
  private final QueryScope scope;
  private final ArrowReader reader;
  private final AtomicBoolean closed = new AtomicBoolean();

  NativeQuery(NativeEngine engine, long handle, QueryScope scope, ArrowReader stream) {
    this.engine = engine;
    this.handle = handle;
    this.scope = scope;
    this.reader = new NativeReader(stream, scope.allocator());
  }

  /**
   * The rows. Reading blocks until a batch is there; failures are {@link
   * dev.kelda.spi.error.KeldaException}s. Closed with the query.
   */
  public ArrowReader reader() {
    return reader;
  }

  /** Figures so far; final once the reader has reached its end. Not after {@link #close}. */
  public QueryMetrics metrics() {
    return engine.metrics(handle);
  }

  public void cancel() {
    engine.cancel(scope.queryId());
  }

  /** Stops what still runs, waits for it, frees everything. Idempotent. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      try {
        NativeReader.closeQuietly(reader);
      } finally {
        engine.close(handle, scope);
      }
    }
  }
}
