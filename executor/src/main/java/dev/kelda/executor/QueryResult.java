package dev.kelda.executor;

import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * What one execution gives: a stream of rows, or the count of an update. The caller closes it; what
 * is still running is cancelled then and waited for.
 */
public interface QueryResult extends AutoCloseable {
  String queryId();

  /** Empty for an update. */
  Schema schema();

  boolean isUpdate();

  /** Rows written; 0 for DDL and for queries. */
  long updateCount();

  /**
   * The rows, once, in order, without empty batches. Its root is reused from batch to batch. Errors
   * are {@link dev.kelda.spi.error.KeldaException}s.
   *
   * @throws IllegalStateException for an update
   */
  ArrowReader reader();

  /** Stops the work from any thread; the reader then fails with CANCELLED. */
  void cancel();

  @Override
  void close();
}
