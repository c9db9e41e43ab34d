package dev.kelda.executor.bridge;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.util.Set;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.dictionary.Dictionary;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/** A native stream as an {@link ArrowReader} whose failures carry their error code. */
final class NativeReader extends ArrowReader {
  private final ArrowReader stream;

  NativeReader(ArrowReader stream, BufferAllocator allocator) {
    super(allocator);
    this.stream = stream;
  }

  @Override
  public VectorSchemaRoot getVectorSchemaRoot() throws IOException {
    return stream.getVectorSchemaRoot();
  }

  @Override
  public boolean loadNextBatch() throws IOException {
    try {
      return stream.loadNextBatch();
    } catch (IOException | RuntimeException e) {
      throw NativeException.decode(e)
          .orElseGet(
              () ->
                  new KeldaException(
                      ErrorCode.INTERNAL_ERROR, "native stream: " + e.getMessage(), e));
    }
  }

  @Override
  public java.util.Map<Long, Dictionary> getDictionaryVectors() throws IOException {
    return stream.getDictionaryVectors();
  }

  @Override
  public Dictionary lookup(long id) {
    return stream.lookup(id);
  }

  @Override
  public Set<Long> getDictionaryIds() {
    return stream.getDictionaryIds();
  }

  @Override
  public long bytesRead() {
    return stream.bytesRead();
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }

  @Override
  public void close(boolean closeReadSource) throws IOException {
    stream.close(closeReadSource);
  }

  @Override
  protected void closeReadSource() throws IOException {
    stream.close();
  }

  @Override
  protected Schema readSchema() throws IOException {
    return stream.getVectorSchemaRoot().getSchema();
  }

  static void closeQuietly(ArrowReader reader) {
    try {
      reader.close();
    } catch (IOException e) {
      throw new KeldaException(ErrorCode.INTERNAL_ERROR, "closing a stream: " + e.getMessage(), e);
    }
  }
}
