package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;
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
   * @param layout which rows share a file, and in what order
   * @param oneFile all rows go to one file of that name; empty = as many files as it takes
   */
  record WriteTarget(
      String location,
      String filePrefix,
      Schema columns,
      List<Scan.ColumnSource> columnIds,
      long targetFileBytes,
      String compression,
      int rowGroupRows,
      Layout layout,
      Optional<OneFile> oneFile) {
    public WriteTarget {
      requireNonNull(location, "location is null");
      requireNonNull(filePrefix, "filePrefix is null");
      requireNonNull(columns, "columns is null");
      columnIds = List.copyOf(columnIds);
      requireNonNull(compression, "compression is null");
      requireNonNull(layout, "layout is null");
      requireNonNull(oneFile, "oneFile is null");
    }
  }

  /**
   * @param partition a file holds rows that agree in all of these; empty = not partitioned
   * @param sort the order of the rows in a file
   */
  record Layout(List<Transform> partition, Distribution distribution, List<SortField> sort) {
    public static final Layout NONE = new Layout(List.of(), Distribution.ANY, List.of());

    public Layout {
      partition = List.copyOf(partition);
      requireNonNull(distribution, "distribution is null");
      sort = List.copyOf(sort);
    }
  }

  /** Which rows go to one writer. */
  enum Distribution {
    /** Any: the most parallel, the most files. */
    ANY,
    /** Those of one partition. */
    BY_PARTITION,
    /** All, in the order of the layout's sort: files that hold one range each. */
    ONE_WRITER
  }

  /**
   * A function of one column as Iceberg defines it.
   *
   * @param parameter BUCKET: how many; TRUNCATE: the width; else 0
   * @param path ordinal of the column, then of the field in each struct below it; Z_ORDER, which is
   *     for sorting only: the ordinals of its columns
   */
  record Transform(Kind kind, int parameter, List<Integer> path) {
    public Transform {
      requireNonNull(kind, "kind is null");
      path = List.copyOf(path);
    }

    public enum Kind {
      IDENTITY,
      BUCKET,
      TRUNCATE,
      YEAR,
      MONTH,
      DAY,
      HOUR,
      VOID,
      Z_ORDER
    }
  }

  record SortField(Transform transform, boolean descending, boolean nullsFirst) {
    public SortField {
      requireNonNull(transform, "transform is null");
    }
  }

  record OneFile(String name, Scan.FileFormat format, Scan.FormatOptions options) {
    public OneFile {
      requireNonNull(name, "name is null");
      requireNonNull(format, "format is null");
      requireNonNull(options, "options is null");
    }
  }

  /**
   * @param partition the value of each of the layout's fields, in Iceberg's single-value
   *     serialisation; empty = NULL
   */
  record WrittenFile(String path, long rows, long bytes, List<Optional<byte[]>> partition) {
    public WrittenFile {
      requireNonNull(path, "path is null");
      partition = List.copyOf(partition);
    }
  }
}
