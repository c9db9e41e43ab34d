package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;

/** How a table is read: files that the native engine reads itself, or rows that Java produces. */
public sealed interface Scan {
  /**
   * Files read in Rust.
   *
   * @param byFieldId match file columns by Iceberg field id instead of by name
   * @param columns parallel to the table's columns
   */
  record Files(
      FileFormat format,
      FormatOptions options,
      boolean byFieldId,
      List<ColumnSource> columns,
      List<DataFile> files)
      implements Scan {
    public Files {
      requireNonNull(format, "format is null");
      requireNonNull(options, "options is null");
      columns = List.copyOf(columns);
      files = List.copyOf(files);
    }
  }

  /** Rows produced in Java. Thread-safe: partitions are opened from several threads. */
  non-sealed interface Java extends Scan {
    /** At least 1. */
    default int partitions() {
      return 1;
    }

    /** One line for EXPLAIN, for example the SQL sent to a remote database. No secrets. */
    String description();

    /**
     * Opens one partition, once per execution, on a thread that may block.
     *
     * @param allocator owns every buffer of the reader; the engine closes the reader, then the
     *     allocator
     * @return a reader whose schema is exactly {@code request.columns()} of the table
     */
    ArrowReader open(BufferAllocator allocator, OpenRequest request);
  }

  /**
   * What the engine wants of one partition.
   *
   * @param columns ordinals into the table's schema, in output order; may be empty (only row counts
   *     matter)
   * @param conjuncts further hints known only at run time; may be ignored
   * @param limit no more rows than this are needed; more may be returned
   */
  record OpenRequest(
      int partition, List<Integer> columns, List<Predicate> conjuncts, OptionalLong limit) {
    public OpenRequest {
      columns = List.copyOf(columns);
      conjuncts = List.copyOf(conjuncts);
      requireNonNull(limit, "limit is null");
    }
  }

  enum FileFormat {
    PARQUET,
    CSV,
    JSON,
    ARROW
  }

  /**
   * CSV and JSON reading options. Characters are single bytes; an empty string is "none".
   *
   * @param compression "", "gzip", "zstd", "bzip2" or "xz"
   */
  record FormatOptions(
      boolean header,
      String delimiter,
      String quote,
      String escape,
      String nullString,
      String compression,
      String comment) {
    public static final FormatOptions DEFAULT = new FormatOptions(true, ",", "\"", "", "", "", "");
  }

  /**
   * Where a column comes from in a data file.
   *
   * @param fieldId Iceberg field id, 0 = none
   * @param initialDefault value of the column in files that lack it; empty = NULL
   * @param children nested fields in the order of the type
   * @param names name mapping for files without ids
   */
  record ColumnSource(
      int fieldId,
      Optional<Scalar> initialDefault,
      List<ColumnSource> children,
      List<String> names) {
    public ColumnSource {
      requireNonNull(initialDefault, "initialDefault is null");
      children = List.copyOf(children);
      names = List.copyOf(names);
    }

    public static ColumnSource byName() {
      return new ColumnSource(0, Optional.empty(), List.of(), List.of());
    }
  }

  /**
   * @param path URL (file:///…, s3://…)
   * @param rows -1 = unknown
   * @param statistics by column ordinal
   * @param constants values that every row of the file has, by column ordinal: identity partitions
   * @param firstRowId Iceberg's row id of the first row; -1 = the file has none
   */
  record DataFile(
      String path,
      long bytes,
      long rows,
      Map<Integer, FileColumnStatistics> statistics,
      Map<Integer, Scalar> constants,
      List<DeleteFile> deletes,
      long dataSequenceNumber,
      long firstRowId) {
    /** A file without row ids. */
    public DataFile(
        String path,
        long bytes,
        long rows,
        Map<Integer, FileColumnStatistics> statistics,
        Map<Integer, Scalar> constants,
        List<DeleteFile> deletes,
        long dataSequenceNumber) {
      this(path, bytes, rows, statistics, constants, deletes, dataSequenceNumber, -1);
    }

    public DataFile {
      requireNonNull(path, "path is null");
      statistics = Map.copyOf(statistics);
      constants = Map.copyOf(constants);
      deletes = List.copyOf(deletes);
    }

    /** The same file, in which the column has that value in every row. */
    public DataFile withConstant(int column, Scalar value) {
      Map<Integer, Scalar> all = new HashMap<>(constants);
      all.put(column, value);
      return new DataFile(
          path, bytes, rows, statistics, all, deletes, dataSequenceNumber, firstRowId);
    }
  }

  /**
   * @param nulls -1 = unknown
   * @param exact the bounds are values of the file, not widened or truncated ones
   */
  record FileColumnStatistics(
      long nulls, Optional<Scalar> min, Optional<Scalar> max, boolean exact) {
    public FileColumnStatistics {
      requireNonNull(min, "min is null");
      requireNonNull(max, "max is null");
    }
  }

  /**
   * An Iceberg delete file that applies to the data file it is listed under.
   *
   * @param vector for INLINE the blob of a deletion vector, which is in no file; else empty
   */
  record DeleteFile(
      Kind kind,
      String path,
      long bytes,
      FileFormat format,
      long contentOffset,
      long contentBytes,
      List<Integer> equalityFieldIds,
      long dataSequenceNumber,
      byte[] vector) {
    /** Positions of rows that a pending change takes out. */
    public static DeleteFile inline(byte[] vector) {
      return new DeleteFile(Kind.INLINE, "", 0, FileFormat.PARQUET, 0, 0, List.of(), 0, vector);
    }

    public DeleteFile {
      requireNonNull(kind, "kind is null");
      requireNonNull(path, "path is null");
      requireNonNull(format, "format is null");
      equalityFieldIds = List.copyOf(equalityFieldIds);
      requireNonNull(vector, "vector is null");
    }

    public enum Kind {
      POSITION,
      EQUALITY,
      DELETION_VECTOR,
      INLINE
    }
  }
}
