package dev.kelda.feature.push;

import dev.kelda.feature.online.OnlineViews;
import dev.kelda.feature.online.OnlineViews.Encoded;
import dev.kelda.feature.online.ViewLayout;
import dev.kelda.spi.connector.BatchReader;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;

/** Log entries as the rows that were pushed. The entries of one reader have one layout. */
final class EntryReader extends BatchReader {
  private static final int BATCH_ROWS = 8192;

  private final ViewLayout layout;
  private final List<Encoded> rows;
  private int next;

  EntryReader(BufferAllocator allocator, List<PushLog.Entry> entries) {
    super(allocator, entries.getFirst().layout().columns());
    this.layout = entries.getFirst().layout();
    this.rows = new ArrayList<>();
    entries.forEach(entry -> rows.addAll(entry.rows()));
  }

  @Override
  protected int fill(VectorSchemaRoot root) {
    int count = Math.min(BATCH_ROWS, rows.size() - next);
    OnlineViews.decode(layout, rows.subList(next, next + count), root);
    next += count;
    return count;
  }

  @Override
  protected void closeReadSource() {}
}
