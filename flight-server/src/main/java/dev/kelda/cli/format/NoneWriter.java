package dev.kelda.cli.format;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.arrow.vector.VectorSchemaRoot;

/**
 * Reads every row and shows only how many there were: what a statement costs without its output.
 */
final class NoneWriter implements ResultWriter {
  @Override
  public void write(Rows rows, OutputStream out) throws IOException {
    String text = rows.updateCount().isPresent() ? TableWriter.updated(rows) : read(rows);
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String read(Rows rows) {
    long count = 0;
    for (Optional<VectorSchemaRoot> batch = rows.batches().get();
        batch.isPresent();
        batch = rows.batches().get()) {
      count += batch.get().getRowCount();
    }
    return TableWriter.counted(count) + "\n";
  }
}
