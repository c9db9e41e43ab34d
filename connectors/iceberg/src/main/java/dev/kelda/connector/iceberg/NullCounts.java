package dev.kelda.connector.iceberg;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.Table;
import org.apache.iceberg.io.CloseableIterable;

/** Whether a column has NULLs, by the counts in the manifests. */
final class NullCounts {
  private NullCounts() {}

  /**
   * @throws KeldaException INVALID_ARGUMENT when a file has NULLs in the column, or does not say
   */
  static void requireNone(Table table, int fieldId, String column) {
    try (CloseableIterable<FileScanTask> tasks = table.newScan().includeColumnStats().planFiles()) {
      for (FileScanTask task : tasks) {
        Map<Integer, Long> counts = task.file().nullValueCounts();
        Long nulls = counts == null ? null : counts.get(fieldId);
        if (nulls == null || nulls > 0) {
          throw new KeldaException(
              ErrorCode.INVALID_ARGUMENT,
              "column \""
                  + column
                  + "\" cannot become NOT NULL: "
                  + (nulls == null ? "a file of it may have NULLs" : "it has NULLs"));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
