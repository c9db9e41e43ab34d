package dev.kelda.connector.iceberg;

import dev.kelda.connector.iceberg.RowsTable.Reserved;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.TableWrite.Layout;
import dev.kelda.spi.connector.TableWrite.OneFile;
import dev.kelda.spi.connector.TableWrite.WriteTarget;
import dev.kelda.spi.connector.TableWrite.WrittenFile;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.MetricsConfig;
import org.apache.iceberg.SortOrder;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.io.FileInfo;
import org.apache.iceberg.io.SupportsPrefixOperations;
import org.apache.iceberg.util.PropertyUtil;

/** Where one write puts its files: all carry its id, so that they can be found and removed. */
final class DataFolder {
  private static final int ROW_GROUP_ROWS = 262_144;

  private final String name;
  private final Table table;
  private final String folder;
  private final String id = UUID.randomUUID().toString();

  DataFolder(String name, Table table) {
    this.name = name;
    this.table = table;
    this.folder =
        Optional.ofNullable(table.properties().get(TableProperties.WRITE_DATA_LOCATION))
            .orElse(table.location() + "/data")
            .replaceAll("/+$", "");
  }

  /** The write's id; every file's name begins with it. */
  String id() {
    return id;
  }

  /** The location of a file that is not written by the engine. */
  String file(String suffix) {
    return folder + "/" + id + suffix;
  }

  /**
   * @param suffix of the files' prefix, so that two targets of one write do not meet
   * @param more columns after the table's own
   */
  WriteTarget target(String suffix, Layout layout, List<Reserved> more) {
    Map<String, String> properties = table.properties();
    List<Field> columns = new ArrayList<>(IcebergTypes.toArrow(name, table.schema()).getFields());
    more.forEach(column -> columns.add(column.written()));
    List<Scan.ColumnSource> ids = new ArrayList<>(ColumnSources.of(table.schema(), Map.of()));
    more.forEach(column -> ids.add(column.source()));
    return new WriteTarget(
        folder,
        id + suffix,
        new Schema(columns),
        ids,
        PropertyUtil.propertyAsLong(
            properties,
            TableProperties.WRITE_TARGET_FILE_SIZE_BYTES,
            TableProperties.WRITE_TARGET_FILE_SIZE_BYTES_DEFAULT),
        compression(properties),
        ROW_GROUP_ROWS,
        layout,
        Optional.empty());
  }

  /** One file of positions, named by {@link #file}. */
  WriteTarget positions(String suffix) {
    return new WriteTarget(
        folder,
        id,
        PositionRows.SCHEMA,
        PositionRows.IDS,
        Long.MAX_VALUE,
        compression(table.properties()),
        ROW_GROUP_ROWS,
        Layout.NONE,
        Optional.of(new OneFile(id + suffix, Scan.FileFormat.PARQUET, Scan.FormatOptions.DEFAULT)));
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

  /**
   * The files with their metrics, read from their footers.
   *
   * @param order that their rows are in
   */
  List<DataFile> dataFiles(List<WrittenFile> files, SortOrder order) {
    return IcebergErrors.translating(
        name, () -> files.stream().map(file -> dataFile(file, order)).toList());
  }

  private DataFile dataFile(WrittenFile file, SortOrder order) {
    ParquetFooter footer = ParquetFooter.read(table.io().newInputFile(file.path(), file.bytes()));
    DataFiles.Builder builder =
        DataFiles.builder(table.spec())
            .withPath(file.path())
            .withFormat(FileFormat.PARQUET)
            .withFileSizeInBytes(file.bytes())
            .withMetrics(footer.metrics(MetricsConfig.forTable(table)))
            .withSplitOffsets(footer.splitOffsets())
            .withSortOrder(order);
    if (table.spec().isPartitioned()) {
      builder.withPartition(WriteLayouts.partition(table.spec(), file.partition()));
    }
    return builder.build();
  }

  /** Removes the files, and any other that carries the id. */
  void remove(List<String> files) {
    files.forEach(table.io()::deleteFile);
    if (table.io() instanceof SupportsPrefixOperations io) {
      for (FileInfo file : io.listPrefix(folder + "/" + id)) {
        io.deleteFile(file.location());
      }
    }
  }
}
