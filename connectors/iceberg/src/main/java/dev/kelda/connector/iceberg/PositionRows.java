package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.BatchReader;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.iceberg.deletes.PositionDeleteIndex;

/**
 * The rows of a position delete file, sorted as Iceberg wants them: by path, then by position.
 *
 * @param taken by the data file's location
 */
record PositionRows(TreeMap<String, PositionDeleteIndex> taken) implements Table {
  private static final int BATCH_ROWS = 8192;

  /** Field ids that Iceberg reserves for the two columns. */
  static final List<Scan.ColumnSource> IDS = List.of(id(2_147_483_546), id(2_147_483_545));

  static final Schema SCHEMA =
      new Schema(
          List.of(
              new Field("file_path", new FieldType(false, CanonicalTypes.UTF8, null), null),
              new Field("pos", new FieldType(false, CanonicalTypes.INT64, null), null)));

  private static Scan.ColumnSource id(int fieldId) {
    return new Scan.ColumnSource(fieldId, Optional.empty(), List.of(), List.of());
  }

  @Override
  public Schema schema() {
    return SCHEMA;
  }

  @Override
  public TableKind kind() {
    return TableKind.SYSTEM_TABLE;
  }

  @Override
  public String version() {
    return "once";
  }

  @Override
  public Scan scan(List<Predicate> conjuncts) {
    return new Scan.Java() {
      @Override
      public String description() {
        return "positions of deleted rows";
      }

      @Override
      public ArrowReader open(BufferAllocator allocator, Scan.OpenRequest request) {
        Schema columns =
            new Schema(request.columns().stream().map(SCHEMA.getFields()::get).toList());
        return new Reader(allocator, columns, taken);
      }
    };
  }

  private static final class Reader extends BatchReader {
    private final Iterator<Map.Entry<String, PositionDeleteIndex>> files;
    private String path = "";
    private Iterator<Long> positions = List.<Long>of().iterator();

    Reader(BufferAllocator allocator, Schema schema, TreeMap<String, PositionDeleteIndex> taken) {
      super(allocator, schema);
      this.files = taken.entrySet().iterator();
    }

    @Override
    protected int fill(VectorSchemaRoot root) {
      int rows = 0;
      while (rows < BATCH_ROWS && advance()) {
        long position = positions.next();
        for (var vector : root.getFieldVectors()) {
          switch (vector) {
            case VarCharVector v -> v.setSafe(rows, path.getBytes(StandardCharsets.UTF_8));
            case BigIntVector v -> v.setSafe(rows, position);
            default -> throw new IllegalStateException("no column " + vector.getField());
          }
        }
        rows++;
      }
      return rows;
    }

    @Override
    protected void closeReadSource() {}

    private boolean advance() {
      while (!positions.hasNext()) {
        if (!files.hasNext()) {
          return false;
        }
        Map.Entry<String, PositionDeleteIndex> next = files.next();
        List<Long> all = new ArrayList<>();
        next.getValue().forEach(all::add);
        path = next.getKey();
        positions = all.iterator();
      }
      return true;
    }
  }
}
