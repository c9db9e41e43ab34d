package dev.kelda.ai.documents;

import dev.kelda.ai.documents.TextFileListing.TextFile;
import dev.kelda.spi.connector.BatchReader;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import dev.kelda.spi.connector.TableStatistics;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.TimeStampMicroTZVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** The files of a listing; each is read when the scan comes to it. */
record TextFiles(List<TextFile> files) implements Table {
  private static final long MOST_BYTES = 256L << 20;
  private static final long BATCH_BYTES = 4 << 20;
  private static final int BATCH_FILES = 1_024;

  private static final Schema SCHEMA =
      new Schema(
          List.of(
              field("path", CanonicalTypes.UTF8),
              field("text", CanonicalTypes.UTF8),
              field("bytes", CanonicalTypes.INT64),
              field("modified_at", CanonicalTypes.TIMESTAMP_TZ)));

  TextFiles {
    files = List.copyOf(files);
  }

  private static Field field(String name, ArrowType type) {
    return new Field(name, FieldType.notNullable(type), List.of());
  }

  @Override
  public Schema schema() {
    return SCHEMA;
  }

  @Override
  public TableKind kind() {
    return TableKind.TABLE;
  }

  @Override
  public TableStatistics statistics() {
    return new TableStatistics(OptionalDouble.of(files.size()), Map.of());
  }

  @Override
  public String version() {
    return Integer.toHexString(files.hashCode());
  }

  @Override
  public Scan scan(List<Predicate> conjuncts) {
    return new Scan.Java() {
      @Override
      public String description() {
        return files.size() + " text files";
      }

      @Override
      public ArrowReader open(BufferAllocator allocator, Scan.OpenRequest request) {
        List<Field> columns = request.columns().stream().map(SCHEMA.getFields()::get).toList();
        return new Reader(allocator, new Schema(columns), files);
      }
    };
  }

  private static final class Reader extends BatchReader {
    private final List<TextFile> files;
    private int next;

    Reader(BufferAllocator allocator, Schema schema, List<TextFile> files) {
      super(allocator, schema);
      this.files = files;
    }

    @Override
    protected int fill(VectorSchemaRoot root) {
      int rows = 0;
      long bytes = 0;
      while (next < files.size() && rows < BATCH_FILES && bytes < BATCH_BYTES) {
        TextFile file = files.get(next++);
        for (FieldVector column : root.getFieldVectors()) {
          set(column, rows, file);
        }
        bytes += file.bytes();
        rows++;
      }
      int count = rows;
      root.getFieldVectors().forEach(column -> column.setValueCount(count));
      return rows;
    }

    @Override
    protected void closeReadSource() {}

    private static void set(FieldVector column, int row, TextFile file) {
      switch (column.getName()) {
        case "path" ->
            ((VarCharVector) column)
                .setSafe(row, file.path().toString().getBytes(StandardCharsets.UTF_8));
        case "text" -> ((VarCharVector) column).setSafe(row, text(file));
        case "bytes" -> ((BigIntVector) column).setSafe(row, file.bytes());
        default ->
            ((TimeStampMicroTZVector) column)
                .setSafe(row, ChronoUnit.MICROS.between(Instant.EPOCH, file.modifiedAt()));
      }
    }

    private static byte[] text(TextFile file) {
      if (file.bytes() > MOST_BYTES) {
        throw new KeldaException(
            ErrorCode.INVALID_FILE,
            "'%s' has %d bytes; a text has at most %d"
                .formatted(file.path(), file.bytes(), MOST_BYTES));
      }
      try {
        byte[] bytes = Files.readAllBytes(file.path());
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
        return bytes;
      } catch (CharacterCodingException e) {
        throw new KeldaException(
            ErrorCode.INVALID_FILE, "'" + file.path() + "' is no text in UTF-8", e);
      } catch (IOException e) {
        throw new KeldaException(
            ErrorCode.STORAGE_ERROR, "cannot read '" + file.path() + "': " + e.getMessage(), e);
      }
    }
  }
}
