package dev.kelda.executor.bridge;

import dev.kelda.executor.proto.EvaluateFunction;
import dev.kelda.executor.proto.OpenScan;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * The Java side of upcalls in tests: rows (n, n, "row n"), counted up; one function that puts text
 * into angle brackets.
 */
final class RowSource implements Upcalls {
  private volatile int batches;
  private volatile int batchRows;
  private volatile RuntimeException failure;
  private volatile boolean opens = true;
  private volatile boolean blocks;
  private volatile OpenScan lastRequest;

  void batches(int count, int rows) {
    batches = count;
    batchRows = rows;
    failure = null;
    opens = true;
    blocks = false;
  }

  /** The second batch fails. */
  void failing(RuntimeException e) {
    batches(2, 5);
    failure = e;
  }

  void failingToOpen() {
    batches(1, 1);
    opens = false;
  }

  /** The first batch never comes. */
  void blocking() {
    batches(1, 1);
    blocks = true;
  }

  OpenScan lastRequest() {
    return lastRequest;
  }

  @Override
  public ArrowReader openScan(OpenScan request, BufferAllocator allocator) {
    lastRequest = request;
    if (!opens) {
      throw new KeldaException(ErrorCode.ACCESS_DENIED, "closed today");
    }
    return new Rows(allocator, request.getProjectionList());
  }

  @Override
  public FieldVector evaluate(
      EvaluateFunction call, VectorSchemaRoot arguments, BufferAllocator allocator) {
    VarCharVector result = new VarCharVector("r", allocator);
    for (int i = 0; i < arguments.getRowCount(); i++) {
      String text = "<" + arguments.getVector(0).getObject(i) + ">";
      result.setSafe(i, text.getBytes(StandardCharsets.UTF_8));
    }
    result.setValueCount(arguments.getRowCount());
    return result;
  }

  /** Fills the same vectors again for every batch, as JDBC readers do. */
  private final class Rows extends ArrowReader {
    private final List<Integer> projection;
    private int batch;
    private long next;

    Rows(BufferAllocator allocator, List<Integer> projection) {
      super(allocator);
      this.projection = projection;
    }

    @Override
    public boolean loadNextBatch() throws java.io.IOException {
      if (blocks) {
        await();
      }
      if (failure != null && batch == 1) {
        throw failure;
      }
      if (batch == batches) {
        return false;
      }
      VectorSchemaRoot root = getVectorSchemaRoot();
      root.getFieldVectors().forEach(FieldVector::reset);
      for (FieldVector vector : root.getFieldVectors()) {
        for (int i = 0; i < batchRows; i++) {
          if (vector instanceof BigIntVector numbers) {
            numbers.setSafe(i, next + i);
          } else if (vector instanceof VarCharVector texts) {
            texts.setSafe(i, ("row " + (next + i)).getBytes(StandardCharsets.UTF_8));
          }
        }
      }
      root.setRowCount(batchRows);
      next += batchRows;
      batch++;
      return true;
    }

    private void await() {
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        throw new KeldaException(ErrorCode.CANCELLED, "interrupted", e);
      }
    }

    @Override
    public long bytesRead() {
      return 0;
    }

    @Override
    protected void closeReadSource() {}

    @Override
    protected Schema readSchema() {
      return new Schema(
          projection.stream()
              .map(
                  n ->
                      Field.nullable(
                          "c" + n, n == 2 ? ArrowType.Utf8.INSTANCE : new ArrowType.Int(64, true)))
              .toList());
    }
  }
}
