package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A pending write: the engine writes data files to {@link #target()}, then commits or aborts, once.
 * Nothing is visible before {@link #commit} returns. {@link #abort} removes the files; it is never
 * called after a commit whose outcome is unknown.
 */
public interface TableWrite {
  WriteTarget target();

  /**
   * @throws dev.kelda.spi.error.KeldaException COMMIT_CONFLICT (nothing happened),
   *     COMMIT_STATE_UNKNOWN (files are kept)
   */
  void commit(List<WrittenFile> files);

  /** Removes what was written, also files not listed that carry the write's prefix. */
  void abort(List<WrittenFile> files);

  /**
   * @param location folder URL
   * @param filePrefix unique for this write
   * @param columns the table's row; the input is cast to it
   * @param columnIds field ids, parallel to columns
   * @param compression zstd, snappy, gzip, lz4 or uncompressed
   */
  record WriteTarget(
      String location,
      String filePrefix,
      Schema columns,
      List<Scan.ColumnSource> columnIds,
      long targetFileBytes,
      String compression,
      int rowGroupRows) {
    public WriteTarget {
      requireNonNull(location, "location is null");
      requireNonNull(filePrefix, "filePrefix is null");
      requireNonNull(columns, "columns is null");
      columnIds = List.copyOf(columnIds);
      requireNonNull(compression, "compression is null");
    }
  }

  record WrittenFile(String path, long rows, long bytes) {
    public WrittenFile {
      requireNonNull(path, "path is null");
    }
  }
}
