package dev.kelda.executor.run;

import dev.kelda.executor.bridge.NativeQuery;
import java.io.IOException;
import java.util.Map;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/** The rows of a native query; closing it stops the query and keeps its metrics. */
final class NativeReader extends ArrowReader {
  private final Execution execution;
  private final NativeQuery query;
  private final ArrowReader reader;
  private boolean closed;

  NativeReader(Execution execution, NativeQuery query) {
    super(execution.allocator());
    this.execution = execution;
    this.query = query;
    this.reader = query.reader();
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
  public void close() {
    if (!closed) {
      closed = true;
      try {
        execution.metrics(query.metrics());
      } finally {
        query.close();
      }
    }
  }

  @Override
  protected void closeReadSource() {}

  @Override
  protected Schema readSchema() throws IOException {
    return reader.getVectorSchemaRoot().getSchema();
  }
}
