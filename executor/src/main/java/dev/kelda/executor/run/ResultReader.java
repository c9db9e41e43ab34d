package dev.kelda.executor.run;

import dev.kelda.executor.setting.Settings;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.rows.ForwardingReader;
import java.io.IOException;
import java.util.Optional;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * The reader that callers see: counts, skips empty batches, keeps limits, and fails with
 * KeldaExceptions only.
 */
final class ResultReader extends ForwardingReader {
  private final Execution execution;
  private final Schema schema;
  private final long maxRows;
  private Optional<KeldaException> failure = Optional.empty();
  private boolean complete;

  private ResultReader(Execution execution, ArrowReader reader, Schema schema) {
    super(reader);
    this.execution = execution;
    this.schema = schema;
    this.maxRows = execution.session().settings().value(Settings.MAX_RESULT_ROWS);
  }

  /** Takes ownership of the reader. */
  static ResultReader of(Execution execution, ArrowReader reader) {
    try {
      return new ResultReader(execution, reader, reader.getVectorSchemaRoot().getSchema());
    } catch (IOException | RuntimeException e) {
      try {
        reader.close();
      } catch (IOException | RuntimeException closing) {
        e.addSuppressed(closing);
      }
      throw Failures.of(execution, e);
    }
  }

  Schema schema() {
    return schema;
  }

  Optional<KeldaException> failure() {
    return failure;
  }

  boolean isComplete() {
    return complete;
  }

  @Override
  public boolean loadNextBatch() {
    try {
      do {
        execution.checkpoint();
        if (complete || isClosed() || !reader.loadNextBatch()) {
          complete = true;
          return false;
        }
      } while (reader.getVectorSchemaRoot().getRowCount() == 0);
      count(reader.getVectorSchemaRoot());
      return true;
    } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError e) {
      failure = Optional.of(Failures.of(execution, e));
      throw failure.get();
    }
  }

  private void count(VectorSchemaRoot root) {
    long bytes = 0;
    for (FieldVector vector : root.getFieldVectors()) {
      bytes += vector.getBufferSize();
    }
    execution.counted(root.getRowCount(), bytes);
    if (maxRows > 0 && execution.rows() > maxRows) {
      throw new KeldaException(
          ErrorCode.INVALID_STATEMENT,
          "the result has more rows than max_result_rows = " + maxRows);
    }
  }

  @Override
  protected void end() throws IOException {
    reader.close();
  }
}
