package dev.kelda.cli.format;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;

/** A line per value, a header per row; for rows too wide for a table. */
final class VerticalWriter implements ResultWriter {
  @Override
  public void write(Rows rows, OutputStream out) throws IOException {
    int width =
        rows.schema().getFields().stream().mapToInt(f -> f.getName().length()).max().orElse(0);
    long number = 0;
    for (Optional<VectorSchemaRoot> batch = rows.batches().get();
        batch.isPresent();
        batch = rows.batches().get()) {
      StringBuilder text = new StringBuilder();
      for (int row = 0; row < batch.get().getRowCount(); row++) {
        text.append("-[ row ").append(++number).append(" ]-\n");
        for (FieldVector vector : batch.get().getFieldVectors()) {
          text.append(vector.getName())
              .append(" ".repeat(width - vector.getName().length()))
              .append(" | ")
              .append(CellText.of(vector, row).orElse("NULL"))
              .append('\n');
        }
      }
      out.write(text.toString().getBytes(StandardCharsets.UTF_8));
    }
    String end = rows.updateCount().isPresent() ? TableWriter.updated(rows) : number + " rows\n";
    out.write(end.getBytes(StandardCharsets.UTF_8));
  }
}
