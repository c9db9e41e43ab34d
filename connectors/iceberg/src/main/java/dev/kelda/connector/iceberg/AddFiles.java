package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Procedure;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.iceberg.AppendFiles;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.MetricsConfig;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.Transaction;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.FileInfo;
import org.apache.iceberg.io.SupportsPrefixOperations;
import org.apache.iceberg.mapping.MappingUtil;
import org.apache.iceberg.mapping.NameMapping;
import org.apache.iceberg.mapping.NameMappingParser;

/**
 * {@code add_files}: Parquet files that are there become files of a table, where they lie. Their
 * columns are found by name. Only tables without partitioning.
 */
final class AddFiles {
  private AddFiles() {}

  static Procedure of(Maintained tables) {
    return Procedures.onTable(
        tables,
        "add_files",
        List.of(
            Procedures.required("source_table", Procedure.ArgumentType.TEXT),
            Procedures.optional("check_duplicate_files", Procedure.ArgumentType.TRUTH)),
        List.of(
            Procedures.number("added_files_count"), Procedures.number("changed_partition_count")),
        (table, arguments, context) -> add(table, tables.locations(), arguments, context));
  }

  private static List<List<Object>> add(
      Table table, Locations locations, Procedure.Arguments arguments, Procedure.Context context) {
    if (table.spec().isPartitioned()) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED, "add_files fills tables without partitioning only");
    }
    String source = path(arguments.value("source_table", String.class));
    locations.requireReadable(source);
    NameMapping mapping = mapping(table);
    MetricsConfig metrics = MetricsConfig.forTable(table);
    List<DataFile> files = new ArrayList<>();
    for (FileInfo file : ((SupportsPrefixOperations) table.io()).listPrefix(source)) {
      context.checkpoint();
      if (file.location().endsWith(".parquet")) {
        files.add(dataFile(table, file, metrics, mapping));
      }
    }
    if (arguments.find("check_duplicate_files", Boolean.class).orElse(true)) {
      refuseKnown(table, files);
    }
    if (files.isEmpty()) {
      throw new KeldaException(ErrorCode.FILE_NOT_FOUND, "no Parquet file at '" + source + "'");
    }
    Transaction transaction = table.newTransaction();
    if (!table.properties().containsKey(TableProperties.DEFAULT_NAME_MAPPING)) {
      transaction
          .updateProperties()
          .set(TableProperties.DEFAULT_NAME_MAPPING, NameMappingParser.toJson(mapping))
          .commit();
    }
    AppendFiles append = transaction.newAppend();
    files.forEach(append::appendFile);
    append.commit();
    transaction.commitTransaction();
    return List.of(Procedures.row((long) files.size(), 1L));
  }

  // As Spark writes it, parquet.`path`, or the path alone.
  private static String path(String source) {
    String path = source.replaceFirst("(?i)^`?parquet`?\\.`(.*)`$", "$1");
    return Locations.url(
        path.matches("\\w+:.*") ? path : Path.of(path).toAbsolutePath().toString());
  }

  private static NameMapping mapping(Table table) {
    String known = table.properties().get(TableProperties.DEFAULT_NAME_MAPPING);
    return known == null ? MappingUtil.create(table.schema()) : NameMappingParser.fromJson(known);
  }

  private static DataFile dataFile(
      Table table, FileInfo file, MetricsConfig metrics, NameMapping mapping) {
    ParquetFooter footer =
        ParquetFooter.read(table.io().newInputFile(file.location(), file.size()));
    return DataFiles.builder(table.spec())
        .withPath(file.location())
        .withFormat(FileFormat.PARQUET)
        .withFileSizeInBytes(file.size())
        .withMetrics(footer.metrics(metrics, mapping))
        .withSplitOffsets(footer.splitOffsets())
        .build();
  }

  private static void refuseKnown(Table table, List<DataFile> files) {
    Set<String> added = new HashSet<>();
    files.forEach(file -> added.add(file.location()));
    try (CloseableIterable<FileScanTask> tasks = table.newScan().planFiles()) {
      for (FileScanTask task : tasks) {
        if (added.contains(task.file().location())) {
          throw new KeldaException(
              ErrorCode.INVALID_ARGUMENT,
              task.file().location() + " is a file of the table already");
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
