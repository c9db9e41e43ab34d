package dev.kelda.cli.format;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * What a statement gave: batches of rows, or the count of an update.
 *
 * @param batches the next batch, valid until the one after it; empty at the end
 */
public record Rows(
    Schema schema,
    OptionalLong updateCount,
    Supplier<Optional<VectorSchemaRoot>> batches,
    Runnable onClose)
    implements AutoCloseable {
  public Rows {
    requireNonNull(schema, "schema is null");
    requireNonNull(updateCount, "updateCount is null");
    requireNonNull(batches, "batches is null");
    requireNonNull(onClose, "onClose is null");
  }

  public static Rows update(long count, Runnable onClose) {
    return new Rows(new Schema(List.of()), OptionalLong.of(count), Optional::empty, onClose);
  }

  public static Rows of(
      Schema schema, Supplier<Optional<VectorSchemaRoot>> batches, Runnable onClose) {
    return new Rows(schema, OptionalLong.empty(), batches, onClose);
  }

  public static Rows of(Schema schema, ArrowReader reader, Runnable onClose) {
    return of(
        schema,
        () -> {
          try {
            return reader.loadNextBatch()
                ? Optional.of(reader.getVectorSchemaRoot())
                : Optional.empty();
          } catch (IOException e) {
            throw new KeldaException(
                ErrorCode.INTERNAL_ERROR, "reading a result: " + e.getMessage(), e);
          }
        },
        onClose);
  }

  /** The first column of every row, NULLs left out. */
  public List<String> firstColumn() {
    List<String> values = new ArrayList<>();
    for (var batch = batches.get(); batch.isPresent(); batch = batches.get()) {
      for (int row = 0; row < batch.get().getRowCount(); row++) {
        CellText.of(batch.get().getVector(0), row).ifPresent(values::add);
      }
    }
    return values;
  }

  @Override
  public void close() {
    onClose.run();
  }
}
