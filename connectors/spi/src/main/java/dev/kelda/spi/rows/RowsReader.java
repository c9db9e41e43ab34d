package dev.kelda.spi.rows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.TimeStampMicroTZVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/** Batches of a list of rows. */
final class RowsReader<T> extends ArrowReader {
  private static final int BATCH_ROWS = 4096;

  private final Schema schema;
  private final List<Function<T, Optional<?>>> values;
  private final List<T> rows;
  private int next;

  RowsReader(
      BufferAllocator allocator,
      Schema schema,
      List<Function<T, Optional<?>>> values,
      List<T> rows) {
    super(allocator);
    this.schema = schema;
    this.values = values;
    this.rows = rows;
  }

  @Override
  protected Schema readSchema() {
    return schema;
  }

  @Override
  public boolean loadNextBatch() throws IOException {
    ensureInitialized();
    VectorSchemaRoot root = getVectorSchemaRoot();
    root.clear(); // lets go of the buffers of the batch before: an importer may still hold them
    int count = Math.min(BATCH_ROWS, rows.size() - next);
    if (count <= 0) {
      return false;
    }
    for (int column = 0; column < values.size(); column++) {
      FieldVector vector = root.getVector(column);
      for (int row = 0; row < count; row++) {
        set(vector, row, values.get(column).apply(rows.get(next + row)));
      }
      vector.setValueCount(count);
    }
    root.setRowCount(count);
    next += count;
    return true;
  }

  private static void set(FieldVector vector, int row, Optional<?> value) {
    if (value.isEmpty()) {
      if (row >= vector.getValueCapacity()) {
        vector.reAlloc();
      }
      vector.setNull(row);
      return;
    }
    Object v = value.get();
    switch (vector) {
      case VarCharVector text -> text.setSafe(row, v.toString().getBytes(StandardCharsets.UTF_8));
      case BigIntVector number -> number.setSafe(row, ((Number) v).longValue());
      case IntVector number -> number.setSafe(row, ((Number) v).intValue());
      case Float8Vector number -> number.setSafe(row, ((Number) v).doubleValue());
      case BitVector truth -> truth.setSafe(row, (Boolean) v ? 1 : 0);
      case TimeStampMicroTZVector time ->
          time.setSafe(row, ChronoUnit.MICROS.between(Instant.EPOCH, (Instant) v));
      default -> throw new IllegalArgumentException("no column of type " + vector.getField());
    }
  }

  @Override
  public long bytesRead() {
    return 0;
  }

  @Override
  protected void closeReadSource() {}
}
