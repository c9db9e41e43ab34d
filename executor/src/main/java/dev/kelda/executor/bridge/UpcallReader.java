package dev.kelda.executor.bridge;

import dev.kelda.spi.connector.BatchReader;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.Serial;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.arrow.vector.util.TransferPair;

/**
 * A source's reader made safe for export: every batch is moved out of the source's vectors, so that
 * a source that fills the same vectors again cannot change what native code still reads, and every
 * failure is framed with its error code.
 */
final class UpcallReader extends ArrowReader {
  private final ArrowReader source;
  private final QueryScope scope;

  UpcallReader(ArrowReader source, QueryScope scope) {
    super(scope.allocator());
    this.source = source;
    this.scope = scope;
  }

  /** From another thread: makes a batch under way come to an end soon. */
  void interrupt() {
    if (source instanceof BatchReader interruptible) {
      NativeReader.closeQuietly(interruptible);
    }
  }

  @Override
  public boolean loadNextBatch() throws IOException {
    scope.enter();
    try {
      VectorSchemaRoot ours = getVectorSchemaRoot();
      ours.clear();
      if (!source.loadNextBatch()) {
        return false;
      }
      VectorSchemaRoot theirs = source.getVectorSchemaRoot();
      List<FieldVector> from = theirs.getFieldVectors();
      List<FieldVector> to = ours.getFieldVectors();
      IntStream.range(0, from.size())
          .mapToObj(i -> from.get(i).makeTransferPair(to.get(i)))
          .forEach(TransferPair::transfer);
      ours.setRowCount(theirs.getRowCount());
      return true;
    } catch (Throwable e) {
      throw new FramedFailure(e);
    } finally {
      scope.leave();
    }
  }

  @Override
  public long bytesRead() {
    return source.bytesRead();
  }

  @Override
  protected void closeReadSource() throws IOException {
    scope.closed(this);
    source.close();
  }

  @Override
  protected Schema readSchema() throws IOException {
    return source.getVectorSchemaRoot().getSchema();
  }

  /** The exporter hands over an exception as its printed stack trace; this one prints its frame. */
  private static final class FramedFailure extends IOException {
    @Serial private static final long serialVersionUID = 1L;

    FramedFailure(Throwable cause) {
      super(NativeException.encode(cause), cause);
    }

    @Override
    public void printStackTrace(PrintWriter writer) {
      writer.print(getMessage());
    }

    @Override
    public void printStackTrace(PrintStream stream) {
      stream.print(getMessage());
    }
  }
}
