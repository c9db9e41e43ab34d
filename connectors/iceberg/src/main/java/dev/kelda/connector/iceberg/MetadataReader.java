package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.BatchReader;
import java.io.IOException;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.iceberg.DataTask;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.StructLike;
import org.apache.iceberg.Table;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.CloseableIterator;
import org.apache.iceberg.types.Types;

/** Rows of an Iceberg metadata table as Arrow batches. */
final class MetadataReader extends BatchReader {
  private static final int BATCH_ROWS = 4096;

  private final String name;
  private final Table metadata;
  private final List<Integer> columns;
  private final List<Types.NestedField> fields;
  private CloseableIterable<FileScanTask> planned = CloseableIterable.empty();
  private Iterator<FileScanTask> tasks = Collections.emptyIterator();
  private CloseableIterator<StructLike> rows = CloseableIterator.empty();
  private boolean started;

  MetadataReader(
      BufferAllocator allocator,
      Schema schema,
      String name,
      Table metadata,
      List<Integer> columns) {
    super(allocator, schema);
    this.name = name;
    this.metadata = metadata;
    this.columns = columns;
    this.fields = metadata.schema().columns();
  }

  @Override
  protected int fill(VectorSchemaRoot root) {
    return IcebergErrors.translating(
        name,
        () -> {
          int count = 0;
          while (count < BATCH_ROWS && advance()) {
            StructLike row = rows.next();
            for (int i = 0; i < columns.size(); i++) {
              int column = columns.get(i);
              Object value = row.get(column, Object.class);
              VectorWriter.set(root.getVector(i), count, fields.get(column).type(), value);
            }
            count++;
          }
          return count;
        });
  }

  private boolean advance() {
    if (!started) {
      started = true;
      planned = metadata.newScan().planFiles();
      tasks = planned.iterator();
    }
    while (!rows.hasNext()) {
      if (!tasks.hasNext()) {
        return false;
      }
      close(rows);
      rows = ((DataTask) tasks.next()).rows().iterator();
    }
    return true;
  }

  private static void close(CloseableIterator<?> iterator) {
    try {
      iterator.close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Override
  protected void closeReadSource() throws IOException {
    rows.close();
    planned.close();
  }
}
