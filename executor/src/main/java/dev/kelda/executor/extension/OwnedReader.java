package dev.kelda.executor.extension;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.Map;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/** A reader that ends something else when it is closed. */
final class OwnedReader extends ArrowReader {
  private final ArrowReader reader;
  private final Runnable end;
  private boolean closed;

  OwnedReader(ArrowReader reader, Runnable end) {
    super(null); // everything comes from the reader behind
    this.reader = requireNonNull(reader, "reader is null");
    this.end = requireNonNull(end, "end is null");
  }

  @Override
  public boolean loadNextBatch() throws IOException {
    return reader.loadNextBatch();
  }

  @Override
  public VectorSchemaRoot getVectorSchemaRoot() throws IOException {
    return reader.getVectorSchemaRoot();
  }

  @Override
  public Map<Long, Dictionary> getDictionaryVectors() throws IOException {
    return reader.getDictionaryVectors();
  }

  @Override
  public Dictionary lookup(long id) {
    return reader.lookup(id);
  }

  @Override
  public long bytesRead() {
    return reader.bytesRead();
  }

  @Override
  public void close(boolean closeReadSource) {
    if (!closed) {
      closed = true;
      end.run();
    }
  }

  @Override
  protected void closeReadSource() {}

  @Override
  protected Schema readSchema() throws IOException {
    return reader.getVectorSchemaRoot().getSchema();
  }
}
