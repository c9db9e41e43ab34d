package dev.kelda.executor;

import java.io.IOException;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.LargeVarCharVector;
import org.apache.arrow.vector.TimeStampMilliTZVector;
import org.apache.arrow.vector.UInt2Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/** Two rows of types that Kelda does not have. */
final class ForeignReader extends ArrowReader {
  private static final Schema SCHEMA =
      new Schema(
          List.of(
              Field.nullable("wide", ArrowType.LargeUtf8.INSTANCE),
              Field.nullable("small", new ArrowType.Int(16, false)),
              Field.nullable("at", new ArrowType.Timestamp(TimeUnit.MILLISECOND, "Europe/Paris"))));
  private boolean read;

  ForeignReader(BufferAllocator allocator) {
    super(allocator);
  }

  @Override
  protected Schema readSchema() {
    return SCHEMA;
  }

  @Override
  public boolean loadNextBatch() throws IOException {
    VectorSchemaRoot root = getVectorSchemaRoot();
    root.clear();
    if (read) {
      return false;
    }
    read = true;
    LargeVarCharVector wide = (LargeVarCharVector) root.getVector(0);
    wide.setSafe(0, new byte[] {'a'});
    wide.setSafe(1, new byte[] {'b'});
    UInt2Vector small = (UInt2Vector) root.getVector(1);
    small.setSafe(0, (char) 65535);
    small.setSafe(1, (char) 1);
    TimeStampMilliTZVector at = (TimeStampMilliTZVector) root.getVector(2);
    at.setSafe(0, 0);
    at.setSafe(1, 86_400_000L);
    root.setRowCount(2);
    return true;
  }

  @Override
  public long bytesRead() {
    return 0;
  }

  @Override
  protected void closeReadSource() {}
}
