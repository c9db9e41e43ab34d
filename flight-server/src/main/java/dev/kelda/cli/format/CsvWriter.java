package dev.kelda.cli.format;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;

/** RFC 4180 with a header line; NULL is an empty field, an empty text is {@code ""}. */
final class CsvWriter implements ResultWriter {
  @Override
  public void write(Rows rows, OutputStream out) throws IOException {
    if (rows.updateCount().isPresent()) {
      return;
    }
    StringBuilder text = new StringBuilder();
    for (Field field : rows.schema().getFields()) {
      separate(text);
      text.append(quoted(field.getName()));
    }
    text.append('\n');
    flush(text, out);
    for (Optional<VectorSchemaRoot> batch = rows.batches().get();
        batch.isPresent();
        batch = rows.batches().get()) {
      write(batch.get(), text);
      flush(text, out);
    }
  }

  private static void write(VectorSchemaRoot batch, StringBuilder text) {
    for (int row = 0; row < batch.getRowCount(); row++) {
      boolean first = true;
      for (FieldVector vector : batch.getFieldVectors()) {
        if (!first) {
          text.append(',');
        }
        first = false;
        CellText.of(vector, row).map(CsvWriter::quoted).ifPresent(text::append);
      }
      text.append('\n');
    }
  }

  private static void separate(StringBuilder text) {
    if (!text.isEmpty()) {
      text.append(',');
    }
  }

  private static String quoted(String value) {
    boolean plain =
        !value.isEmpty()
            && value.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
    return plain ? value : '"' + value.replace("\"", "\"\"") + '"';
  }

  private static void flush(StringBuilder text, OutputStream out) throws IOException {
    out.write(text.toString().getBytes(StandardCharsets.UTF_8));
    text.setLength(0);
  }
}
