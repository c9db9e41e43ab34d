package dev.kelda.feature.serving;

import dev.kelda.feature.online.Found;
import dev.kelda.feature.online.OnlineView;
import dev.kelda.spi.connector.BatchReader;
import dev.kelda.spi.connector.Scalar;
import java.time.Instant;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;

/** The rows of keys that are given; of a key that is not there none. */
final class KeyReader extends BatchReader {
  private static final int BATCH_ROWS = 4096;

  private final BufferAllocator allocator;
  private final OnlineView view;
  private final List<List<Scalar>> keys;
  private final List<Integer> columns;
  private final Instant at;
  private final Lookups lookups;
  private int next;

  /**
   * @param schema what the columns are called
   * @param columns their ordinals in the view
   */
  KeyReader(
      BufferAllocator allocator,
      Schema schema,
      OnlineView view,
      List<List<Scalar>> keys,
      List<Integer> columns,
      Instant at,
      Lookups lookups) {
    super(allocator, schema);
    this.allocator = allocator;
    this.view = view;
    this.keys = keys;
    this.columns = columns;
    this.at = at;
    this.lookups = lookups;
  }

  @Override
  protected int fill(VectorSchemaRoot root) {
    int rows = 0;
    while (rows == 0 && next < keys.size()) {
      List<List<Scalar>> some = keys.subList(next, Math.min(keys.size(), next + BATCH_ROWS));
      next += some.size();
      try (VectorSchemaRoot batch = ScalarVectors.of(allocator, view.layout().keyFields(), some)) {
        Found found = lookups.find(view, batch.getFieldVectors(), some.size(), at);
        rows = OnlineTable.fill(found, columns, root);
      }
    }
    return rows;
  }

  @Override
  protected void closeReadSource() {}
}
