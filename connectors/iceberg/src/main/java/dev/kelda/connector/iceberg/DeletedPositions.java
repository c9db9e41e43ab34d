package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Procedure;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.iceberg.DeleteFile;
import org.apache.iceberg.deletes.Deletes;
import org.apache.iceberg.deletes.PositionDeleteIndex;
import org.apache.iceberg.io.CloseableIterable;

/** What position delete files of v2 hold, read by the engine. */
record DeletedPositions(List<DeleteFile> files) implements Table {
  /** Deleted positions by the data file's location. */
  static Map<String, PositionDeleteIndex> read(List<DeleteFile> files, Procedure.Context context) {
    Map<String, PositionDeleteIndex> deleted = new TreeMap<>();
    try (ArrowReader reader = context.read(new DeletedPositions(files))) {
      while (reader.loadNextBatch()) {
        VectorSchemaRoot root = reader.getVectorSchemaRoot();
        VarCharVector paths = (VarCharVector) root.getVector(0);
        BigIntVector positions = (BigIntVector) root.getVector(1);
        for (int row = 0; row < root.getRowCount(); row++) {
          deleted
              .computeIfAbsent(
                  new String(paths.get(row), StandardCharsets.UTF_8),
                  path -> Deletes.toPositionIndex(CloseableIterable.<Long>empty()))
              .delete(positions.get(row));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return deleted;
  }

  @Override
  public Schema schema() {
    return PositionRows.SCHEMA;
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
    return new Scan.Files(
        Scan.FileFormat.PARQUET,
        Scan.FormatOptions.DEFAULT,
        true,
        PositionRows.IDS,
        files.stream().map(DeletedPositions::file).toList());
  }

  private static Scan.DataFile file(DeleteFile file) {
    return new Scan.DataFile(
        file.location(),
        file.fileSizeInBytes(),
        file.recordCount(),
        Map.of(),
        Map.of(),
        List.of(),
        Optional.ofNullable(file.dataSequenceNumber()).orElse(0L),
        -1);
  }
}
