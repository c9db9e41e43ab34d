package dev.kelda.feature.online;

import java.util.List;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;

/** Rows as bytes that are equal exactly when the rows are. For one thread. */
public final class RowBytes {
  private final RowCodec codec;
  private final RowBuffer out = new RowBuffer();

  public RowBytes(List<Field> columns) {
    this.codec = new RowCodec(columns);
  }

  /** One row of a batch that has these columns. */
  public byte[] of(VectorSchemaRoot batch, int row) {
    out.clear();
    codec.write(batch.getFieldVectors().toArray(FieldVector[]::new), row, out);
    return out.copy();
  }
}
