package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A reader whose rows are made in Java. Every batch gets buffers of its own: those of the batch
 * before may already belong to the consumer on the other side of the border, so they are released,
 * never written again. May be closed from another thread: a batch under way is interrupted first.
 */
public abstract class BatchReader extends ArrowReader {
  private final Schema schema;
  private final ReentrantLock filling = new ReentrantLock();
  private boolean finished;

  protected BatchReader(BufferAllocator allocator, Schema schema) {
    super(allocator);
    this.schema = requireNonNull(schema, "schema is null");
  }

  /**
   * Fills the vectors of an empty root, which have no buffers yet, with the next rows.
   *
   * @return the number of rows; 0 ends the stream
   */
  protected abstract int fill(VectorSchemaRoot root) throws IOException;

  /** Makes a {@link #fill} that runs in another thread come to an end soon. */
  protected void interrupt() {}

  @Override
  public final boolean loadNextBatch() throws IOException {
    filling.lock();
    try {
      if (finished) {
        return false;
      }
      VectorSchemaRoot root = getVectorSchemaRoot();
      root.clear();
      int rows = fill(root);
      finished = rows == 0;
      root.setRowCount(rows);
      return !finished;
    } finally {
      filling.unlock();
    }
  }

  @Override
  public void close(boolean closeReadSource) throws IOException {
    if (filling.isLocked() && !filling.isHeldByCurrentThread()) {
      interrupt();
    }
    filling.lock();
    try {
      finished = true;
      super.close(closeReadSource);
    } finally {
      filling.unlock();
    }
  }

  @Override
  public long bytesRead() {
    return 0;
  }

  @Override
  protected final Schema readSchema() {
    return schema;
  }
}
