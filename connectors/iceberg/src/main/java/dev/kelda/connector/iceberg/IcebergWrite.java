package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.MetricsConfig;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.io.FileInfo;
import org.apache.iceberg.io.SupportsPrefixOperations;
import org.apache.iceberg.util.PropertyUtil;

/** A pending append or creation; its files carry a prefix of their own below the data folder. */
final class IcebergWrite implements TableWrite {
  /** Key in the snapshot summary. */
  static final String COMMIT_ID = "kelda.commit-id";

  private static final int ROW_GROUP_ROWS = 262_144;

  private final String name;
  private final Table table;
  private final String id = UUID.randomUUID().toString();
  private final CommitGuard guard;
  private final WriteTarget target;

  /**
   * @param table the table, or for a creation the one it will be
   */
  IcebergWrite(String name, Table table, Publication publication) {
    this.name = name;
    this.table = table;
    this.guard = new CommitGuard(name, publication, id, CommitGuard.LOOKUP);
    Map<String, String> properties = table.properties();
    String folder =
        Optional.ofNullable(properties.get(TableProperties.WRITE_DATA_LOCATION))
            .orElse(table.location() + "/data");
    this.target =
        new WriteTarget(
            folder.replaceAll("/+$", ""),
            id,
            IcebergTypes.toArrow(name, table.schema()),
            ColumnSources.of(table.schema(), Map.of()),
            PropertyUtil.propertyAsLong(
                properties,
                TableProperties.WRITE_TARGET_FILE_SIZE_BYTES,
                TableProperties.WRITE_TARGET_FILE_SIZE_BYTES_DEFAULT),
            compression(properties),
            ROW_GROUP_ROWS);
  }

  private static String compression(Map<String, String> properties) {
    String codec =
        properties
            .getOrDefault(TableProperties.PARQUET_COMPRESSION, "zstd")
            .toLowerCase(Locale.ROOT);
    return switch (codec) {
      case "zstd", "snappy", "gzip", "lz4", "uncompressed" -> codec;
      case "none" -> "uncompressed";
      default ->
          throw new KeldaException(
              ErrorCode.INVALID_ARGUMENT,
              TableProperties.PARQUET_COMPRESSION
                  + " = '"
                  + codec
                  + "': use zstd, snappy, gzip, lz4 or uncompressed");
    };
  }

  @Override
  public WriteTarget target() {
    return target;
  }

  @Override
  public void commit(List<WrittenFile> files) {
    List<DataFile> dataFiles =
        IcebergErrors.translating(name, () -> files.stream().map(this::dataFile).toList());
    guard.commit(dataFiles);
  }

  private DataFile dataFile(WrittenFile file) {
    ParquetFooter footer = ParquetFooter.read(table.io().newInputFile(file.path(), file.bytes()));
    return DataFiles.builder(table.spec())
        .withPath(file.path())
        .withFormat(FileFormat.PARQUET)
        .withFileSizeInBytes(file.bytes())
        .withMetrics(footer.metrics(MetricsConfig.forTable(table)))
        .withSplitOffsets(footer.splitOffsets())
        .build();
  }

  @Override
  public void abort(List<WrittenFile> files) {
    files.forEach(file -> table.io().deleteFile(file.path()));
    if (table.io() instanceof SupportsPrefixOperations io) {
      for (FileInfo file : io.listPrefix(target.location() + "/" + id)) {
        io.deleteFile(file.location());
      }
    }
  }
}
