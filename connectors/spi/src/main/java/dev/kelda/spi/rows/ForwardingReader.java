package dev.kelda.spi.rows;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.Map;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/** A reader of another one's rows, in its buffers, that does something of its own when it ends. */
public abstract class ForwardingReader extends ArrowReader {
  protected final ArrowReader reader;
  private boolean closed;

  protected ForwardingReader(ArrowReader reader) {
    super(null); // everything comes from the reader behind
    this.reader = requireNonNull(reader, "reader is null");
  }

  /** Called once, by the first close; ends the reader behind too. */
  protected abstract void end() throws IOException;

  protected final boolean isClosed() {
    return closed;
  }

  @Override
  public boolean loadNextBatch() throws IOException {
    return reader.loadNextBatch();
  }

  @Override
  public final VectorSchemaRoot getVectorSchemaRoot() throws IOException {
    return reader.getVectorSchemaRoot();
  }

  @Override
  public final Map<Long, Dictionary> getDictionaryVectors() throws IOException {
    return reader.getDictionaryVectors();
  }

  @Override
  public final Dictionary lookup(long id) {
    return reader.lookup(id);
  }

  @Override
  public final long bytesRead() {
    return reader.bytesRead();
  }

  @Override
  public final void close(boolean closeReadSource) throws IOException {
    if (!closed) {
      closed = true;
      end();
    }
  }

  @Override
  protected final void closeReadSource() {}

  @Override
  protected final Schema readSchema() throws IOException {
    return reader.getVectorSchemaRoot().getSchema();
  }
}
