package dev.kelda.connector.files;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.Scan.FileFormat;
import dev.kelda.spi.connector.Scan.FormatOptions;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * How the bytes of a file are to be read.
 *
 * @param texts every column is a text, whatever its values look like
 */
record FileKind(FileFormat format, FormatOptions options, boolean texts) {
  private static final Map<String, String> COMPRESSIONS =
      Map.of("gz", "gzip", "zst", "zstd", "bz2", "bzip2", "xz", "xz");

  FileKind(FileFormat format, FormatOptions options) {
    this(format, options, false);
  }

  FileKind {
    requireNonNull(format, "format is null");
    requireNonNull(options, "options is null");
  }

  /**
   * By the extension, also below a compression's: {@code x.csv.gz}.
   *
   * @throws KeldaException INVALID_ARGUMENT when the extension says nothing
   */
  static FileKind ofPath(String path) {
    String compression = compression(path);
    FormatOptions options = withCompression(FormatOptions.DEFAULT, compression);
    return switch (extension(plain(path)).orElse("")) {
      case "parquet", "parq", "pq" -> new FileKind(FileFormat.PARQUET, FormatOptions.DEFAULT);
      case "csv", "txt" -> new FileKind(FileFormat.CSV, options);
      case "tsv", "tab" -> new FileKind(FileFormat.CSV, withDelimiter(options, "\t"));
      case "json", "jsonl", "ndjson" -> new FileKind(FileFormat.JSON, options);
      case "arrow", "feather", "arrows", "ipc" ->
          new FileKind(FileFormat.ARROW, FormatOptions.DEFAULT);
      default ->
          throw new KeldaException(
              ErrorCode.INVALID_ARGUMENT,
              "'"
                  + path
                  + "' does not say its format by .parquet, .csv, .tsv, .json, .jsonl,"
                  + " .ndjson or .arrow; use READ_PARQUET, READ_CSV, READ_JSON or READ_ARROW");
    };
  }

  /** The compression that the last extension stands for; empty for none. */
  static String compression(String path) {
    return extension(path).map(e -> COMPRESSIONS.getOrDefault(e, "")).orElse("");
  }

  /** Whether the name has the extension of tab-separated values. */
  static boolean isTabSeparated(String path) {
    String extension = extension(plain(path)).orElse("");
    return extension.equals("tsv") || extension.equals("tab");
  }

  private static String plain(String path) {
    return compression(path).isEmpty() ? path : path.substring(0, path.lastIndexOf('.'));
  }

  private static Optional<String> extension(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    int dot = name.lastIndexOf('.');
    return dot < 0
        ? Optional.empty()
        : Optional.of(name.substring(dot + 1).toLowerCase(Locale.ROOT));
  }

  static FormatOptions withDelimiter(FormatOptions options, String delimiter) {
    return new FormatOptions(
        options.header(),
        delimiter,
        options.quote(),
        options.escape(),
        options.nullString(),
        options.compression(),
        options.comment());
  }

  static FormatOptions withCompression(FormatOptions options, String compression) {
    return new FormatOptions(
        options.header(),
        options.delimiter(),
        options.quote(),
        options.escape(),
        options.nullString(),
        compression,
        options.comment());
  }
}
