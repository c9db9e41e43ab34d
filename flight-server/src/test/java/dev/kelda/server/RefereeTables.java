package dev.kelda.server;

import java.io.IOException;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.Files;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.StaticTableOperations;
import org.apache.iceberg.Table;
import org.apache.iceberg.data.GenericFileWriterFactory;
import org.apache.iceberg.data.GenericRecord;
import org.apache.iceberg.data.IcebergGenerics;
import org.apache.iceberg.data.Record;
import org.apache.iceberg.deletes.EqualityDeleteWriter;
import org.apache.iceberg.encryption.EncryptedFiles;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.io.PositionOutputStream;
import org.apache.iceberg.io.SeekableInputStream;

/** What {@link IcebergReferee} runs behind its class loader. */
public final class RefereeTables {
  private static final DateTimeFormatter SECONDS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");

  private RefereeTables() {}

  /** As of {@link IcebergReferee#rows}. */
  public static List<String> rows(String metadata) throws IOException {
    Table table = table(metadata);
    List<String> rows = new ArrayList<>();
    try (CloseableIterable<Record> records = IcebergGenerics.read(table).build()) {
      for (Record row : records) {
        List<String> cells = new ArrayList<>();
        for (int i = 0; i < table.schema().columns().size(); i++) {
          cells.add(text(row.get(i)));
        }
        rows.add(String.join("|", cells));
      }
    }
    return rows.stream().sorted().toList();
  }

  private static String text(Object value) {
    return value instanceof LocalDateTime time ? SECONDS.format(time) : String.valueOf(value);
  }

  /**
   * Writes a file of values for an equality delete that is not partitioned.
   *
   * @return its location
   */
  public static String writeEqual(String metadata, List<Map<String, Object>> values)
      throws IOException {
    Table table = table(metadata);
    Schema columns = table.schema().select(values.getFirst().keySet());
    String file = table.location() + "/data/" + UUID.randomUUID() + "-equal.parquet";
    EqualityDeleteWriter<Record> writer =
        new GenericFileWriterFactory.Builder(table)
            .deleteFileFormat(FileFormat.PARQUET)
            .equalityFieldIds(IcebergReferee.ids(columns))
            .equalityDeleteRowSchema(columns)
            .build()
            .newEqualityDeleteWriter(
                EncryptedFiles.plainAsEncryptedOutput(table.io().newOutputFile(file)),
                PartitionSpec.unpartitioned(),
                null);
    try (writer) {
      values.forEach(row -> writer.write(GenericRecord.create(columns).copy(row)));
    }
    return file;
  }

  private static Table table(String metadata) {
    return new BaseTable(new StaticTableOperations(metadata, new LocalFiles()), "table");
  }

  /** Local files whose locations come back as they went in. */
  static final class LocalFiles implements FileIO {
    private static final long serialVersionUID = 1;

    @Override
    public InputFile newInputFile(String location) {
      return new Input(location, Files.localInput(path(location)));
    }

    @Override
    public OutputFile newOutputFile(String location) {
      return new Output(location, Files.localOutput(path(location)));
    }

    @Override
    public void deleteFile(String location) {
      throw new UnsupportedOperationException("the referee deletes nothing");
    }

    private static String path(String location) {
      return location.replaceFirst("^file:(//)?", "");
    }

    private record Input(String location, InputFile file) implements InputFile {
      @Override
      public long getLength() {
        return file.getLength();
      }

      @Override
      public SeekableInputStream newStream() {
        return file.newStream();
      }

      @Override
      public boolean exists() {
        return file.exists();
      }
    }

    private record Output(String location, OutputFile file) implements OutputFile {
      @Override
      public PositionOutputStream create() {
        return file.create();
      }

      @Override
      public PositionOutputStream createOrOverwrite() {
        return file.createOrOverwrite();
      }

      @Override
      public InputFile toInputFile() {
        return new Input(location, file.toInputFile());
      }
    }
  }
}
