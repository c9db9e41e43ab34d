package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.AnalyzableTable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.datasketches.common.Family;
import org.apache.datasketches.theta.CompactThetaSketch;
import org.apache.datasketches.theta.UpdatableThetaSketch;
import org.apache.iceberg.GenericBlobMetadata;
import org.apache.iceberg.GenericStatisticsFile;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.StatisticsFile;
import org.apache.iceberg.Table;
import org.apache.iceberg.exceptions.CleanableFailure;
import org.apache.iceberg.puffin.Blob;
import org.apache.iceberg.puffin.Puffin;
import org.apache.iceberg.puffin.PuffinCompressionCodec;
import org.apache.iceberg.puffin.PuffinWriter;
import org.apache.iceberg.puffin.StandardBlobTypes;
import org.apache.iceberg.types.Types;

/**
 * How many distinct values columns have: a theta sketch per column in a Puffin file, as Spark and
 * Trino write and read them. Values go in as Iceberg's single-value serialisation, NULL not at all.
 */
final class DistinctSketches implements AnalyzableTable.Analysis {
  /** Key of the estimate in a blob's properties. */
  static final String NDV = "ndv";

  private final String name;
  private final Table table;
  private final Snapshot snapshot;
  private final IcebergTable.Changes changes;
  private final List<Column> columns;

  private record Column(Types.NestedField field, UpdatableThetaSketch sketch) {}

  /**
   * @param snapshot whose rows are counted
   */
  DistinctSketches(
      String name,
      Table table,
      Snapshot snapshot,
      IcebergTable.Changes changes,
      List<Types.NestedField> columns) {
    this.name = name;
    this.table = table;
    this.snapshot = snapshot;
    this.changes = changes;
    this.columns =
        columns.stream()
            .map(
                field ->
                    new Column(
                        field, UpdatableThetaSketch.builder().setFamily(Family.ALPHA).build()))
            .toList();
  }

  @Override
  public void add(VectorSchemaRoot rows) {
    for (int i = 0; i < columns.size(); i++) {
      Column column = columns.get(i);
      SingleValues.of(
          rows.getVector(i), column.field().type(), bytes -> column.sketch().update(bytes));
    }
  }

  @Override
  public void commit() {
    IcebergErrors.translating(
        name,
        () -> {
          StatisticsFile file = write();
          try {
            changes
                .lane()
                .take(() -> changes.reload().now().updateStatistics().setStatistics(file).commit());
          } catch (RuntimeException e) {
            if (e instanceof CleanableFailure) {
              table.io().deleteFile(file.path());
            }
            throw e;
          }
        });
  }

  private StatisticsFile write() {
    String location =
        "%s/metadata/%d-%s.stats".formatted(root(), snapshot.snapshotId(), UUID.randomUUID());
    try (PuffinWriter writer =
        Puffin.write(table.io().newOutputFile(location)).createdBy("Kelda").build()) {
      columns.forEach(column -> writer.add(blob(column)));
      writer.finish();
      List<org.apache.iceberg.BlobMetadata> blobs = new ArrayList<>();
      writer.writtenBlobsMetadata().forEach(blob -> blobs.add(GenericBlobMetadata.from(blob)));
      return new GenericStatisticsFile(
          snapshot.snapshotId(), location, writer.fileSize(), writer.footerSize(), blobs);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String root() {
    return table.location().replaceAll("/+$", "");
  }

  private Blob blob(Column column) {
    CompactThetaSketch sketch = column.sketch().compact();
    return new Blob(
        StandardBlobTypes.APACHE_DATASKETCHES_THETA_V1,
        List.of(column.field().fieldId()),
        snapshot.snapshotId(),
        snapshot.sequenceNumber(),
        ByteBuffer.wrap(sketch.toByteArray()),
        PuffinCompressionCodec.ZSTD,
        Map.of(NDV, Long.toString(Math.round(sketch.getEstimate()))));
  }
}
