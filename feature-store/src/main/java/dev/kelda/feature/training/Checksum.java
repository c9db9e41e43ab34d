package dev.kelda.feature.training;

import dev.kelda.feature.online.RowBytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.LongConsumer;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A number for rows that does not depend on their order: the sum of the SHA-256 of each, digested
 * together with the columns' names and types.
 */
final class Checksum {
  private static final int LANES = 4;

  private final Schema schema;
  private final MessageDigest digest = sha256();
  private final long[] sum = new long[LANES];
  private long rows;

  private Checksum(Schema schema) {
    this.schema = schema;
  }

  /** A checksum and how many rows it is of. */
  record Result(String checksum, long rows) {}

  /**
   * Reads all rows.
   *
   * @param progress told of rows
   */
  static Result of(ArrowReader reader, LongConsumer progress) {
    try {
      Checksum checksum = new Checksum(reader.getVectorSchemaRoot().getSchema());
      RowBytes bytes = new RowBytes(checksum.schema.getFields());
      while (reader.loadNextBatch()) {
        checksum.add(reader.getVectorSchemaRoot(), bytes);
        progress.accept(reader.getVectorSchemaRoot().getRowCount());
      }
      return new Result(checksum.end(), checksum.rows);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void add(VectorSchemaRoot batch, RowBytes bytes) {
    for (int row = 0; row < batch.getRowCount(); row++) {
      ByteBuffer hash = ByteBuffer.wrap(digest.digest(bytes.of(batch, row)));
      for (int lane = 0; lane < LANES; lane++) {
        sum[lane] += hash.getLong();
      }
    }
    rows += batch.getRowCount();
  }

  private String end() {
    StringBuilder columns = new StringBuilder();
    schema
        .getFields()
        .forEach(
            column ->
                columns
                    .append(column.getName())
                    .append('\u0000')
                    .append(column.getType())
                    .append(column.getChildren())
                    .append('\u0000'));
    digest.update(columns.toString().getBytes(StandardCharsets.UTF_8));
    ByteBuffer numbers = ByteBuffer.allocate(Long.BYTES * (LANES + 1)).putLong(rows);
    for (long lane : sum) {
      numbers.putLong(lane);
    }
    return HexFormat.of().formatHex(digest.digest(numbers.array()));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
