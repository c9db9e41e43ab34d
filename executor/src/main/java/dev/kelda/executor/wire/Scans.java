package dev.kelda.executor.wire;

import com.google.protobuf.ByteString;
import dev.kelda.executor.proto.ColumnSource;
import dev.kelda.executor.proto.ColumnStatistics;
import dev.kelda.executor.proto.Constant;
import dev.kelda.executor.proto.DataFile;
import dev.kelda.executor.proto.DeleteFile;
import dev.kelda.executor.proto.FileFormat;
import dev.kelda.executor.proto.FileScan;
import dev.kelda.executor.proto.FormatOptions;
import dev.kelda.executor.proto.JavaScan;
import dev.kelda.executor.proto.ScanSource;
import dev.kelda.executor.proto.SortField;
import dev.kelda.executor.proto.Transform;
import dev.kelda.executor.proto.WriteTarget;
import dev.kelda.planner.encode.Types;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.TableWrite;
import java.util.OptionalDouble;

/** What is read and what is written. */
public final class Scans {
  private Scans() {}

  /**
   * @param rows of the table that Java scans, as far as they are known; files tell their own
   */
  public static ScanSource toProto(int scanId, Scan scan, OptionalDouble rows) {
    ScanSource.Builder source = ScanSource.newBuilder().setScanId(scanId);
    return switch (scan) {
      case Scan.Files files -> source.setFiles(files(files)).build();
      case Scan.Java java -> source.setJava(java(java, rows)).build();
    };
  }

  private static JavaScan java(Scan.Java scan, OptionalDouble rows) {
    JavaScan.Builder java =
        JavaScan.newBuilder().setPartitions(scan.partitions()).setDescription(scan.description());
    rows.ifPresent(count -> java.setRows((long) count));
    return java.build();
  }

  public static WriteTarget toProto(int targetId, TableWrite.WriteTarget target) {
    WriteTarget.Builder to =
        WriteTarget.newBuilder()
            .setTargetId(targetId)
            .setLocation(target.location())
            .setFilePrefix(target.filePrefix())
            .addAllColumns(target.columns().getFields().stream().map(Types::toProtoField).toList())
            .addAllColumnIds(target.columnIds().stream().map(Scans::column).toList())
            .setTargetFileBytes(target.targetFileBytes())
            .setCompression(target.compression())
            .setRowGroupRows(target.rowGroupRows())
            .setDistribution(
                WriteTarget.Distribution.valueOf(target.layout().distribution().name()));
    target.layout().partition().forEach(field -> to.addPartition(transform(field)));
    target
        .layout()
        .sort()
        .forEach(
            field ->
                to.addSort(
                    SortField.newBuilder()
                        .setTransform(transform(field.transform()))
                        .setDescending(field.descending())
                        .setNullsFirst(field.nullsFirst())));
    target
        .oneFile()
        .ifPresent(
            file ->
                to.setFileName(file.name())
                    .setFormat(toProto(file.format()))
                    .setOptions(toProto(file.options())));
    return to.build();
  }

  private static Transform transform(TableWrite.Transform transform) {
    return Transform.newBuilder()
        .setKind(Transform.Kind.valueOf(transform.kind().name()))
        .setParameter(transform.parameter())
        .addAllPath(transform.path())
        .build();
  }

  static FormatOptions toProto(Scan.FormatOptions options) {
    return FormatOptions.newBuilder()
        .setHeader(options.header())
        .setDelimiter(options.delimiter())
        .setQuote(options.quote())
        .setEscape(options.escape())
        .setNullString(options.nullString())
        .setCompression(options.compression())
        .setComment(options.comment())
        .build();
  }

  static FileFormat toProto(Scan.FileFormat format) {
    return switch (format) {
      case PARQUET -> FileFormat.PARQUET;
      case CSV -> FileFormat.CSV;
      case JSON -> FileFormat.JSON;
      case ARROW -> FileFormat.ARROW;
    };
  }

  private static FileScan files(Scan.Files scan) {
    FileScan.Builder files =
        FileScan.newBuilder()
            .setFormat(toProto(scan.format()))
            .setOptions(toProto(scan.options()))
            .setByFieldId(scan.byFieldId());
    scan.columns().forEach(column -> files.addColumns(column(column)));
    scan.files().forEach(file -> files.addFiles(file(file)));
    return files.build();
  }

  private static ColumnSource column(Scan.ColumnSource column) {
    ColumnSource.Builder source =
        ColumnSource.newBuilder().setFieldId(column.fieldId()).addAllNames(column.names());
    column.initialDefault().ifPresent(v -> source.setInitialDefault(Literals.toProto(v)));
    column.children().forEach(child -> source.addChildren(column(child)));
    return source.build();
  }

  private static DataFile file(Scan.DataFile file) {
    DataFile.Builder to =
        DataFile.newBuilder()
            .setPath(file.path())
            .setBytes(file.bytes())
            .setRows(file.rows())
            .setDataSequenceNumber(file.dataSequenceNumber())
            .setFirstRowId(file.firstRowId());
    file.statistics()
        .forEach((column, statistics) -> to.addStatistics(statistics(column, statistics)));
    file.constants()
        .forEach(
            (column, value) ->
                to.addConstants(
                    Constant.newBuilder().setColumn(column).setValue(Literals.toProto(value))));
    file.deletes().forEach(delete -> to.addDeletes(delete(delete)));
    return to.build();
  }

  private static ColumnStatistics statistics(int column, Scan.FileColumnStatistics statistics) {
    ColumnStatistics.Builder to =
        ColumnStatistics.newBuilder()
            .setColumn(column)
            .setNulls(statistics.nulls())
            .setExact(statistics.exact());
    statistics.min().ifPresent(v -> to.setMin(Literals.toProto(v)));
    statistics.max().ifPresent(v -> to.setMax(Literals.toProto(v)));
    return to.build();
  }

  private static DeleteFile delete(Scan.DeleteFile delete) {
    return DeleteFile.newBuilder()
        .setKind(
            switch (delete.kind()) {
              case POSITION -> DeleteFile.Kind.POSITION;
              case EQUALITY -> DeleteFile.Kind.EQUALITY;
              case DELETION_VECTOR -> DeleteFile.Kind.DELETION_VECTOR;
              case INLINE -> DeleteFile.Kind.INLINE;
            })
        .setPath(delete.path())
        .setBytes(delete.bytes())
        .setFormat(toProto(delete.format()))
        .setContentOffset(delete.contentOffset())
        .setContentBytes(delete.contentBytes())
        .addAllEqualityFieldIds(delete.equalityFieldIds())
        .setDataSequenceNumber(delete.dataSequenceNumber())
        .setVector(ByteString.copyFrom(delete.vector()))
        .build();
  }
}
