package dev.kelda.cli.format;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.BaseIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.FloatingPointVector;
import org.apache.arrow.vector.NullVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.MapVector;
import org.apache.arrow.vector.complex.StructVector;

/**
 * An array with one object per row, each on its line. Numbers are numbers, NaN and infinities are
 * null, everything without a JSON type is its text; an update is {@code {"rows_updated": n}}.
 */
final class JsonWriter implements ResultWriter {
  @Override
  public void write(Rows rows, OutputStream out) throws IOException {
    if (rows.updateCount().isPresent()) {
      String line = "{\"rows_updated\": " + rows.updateCount().getAsLong() + "}\n";
      out.write(line.getBytes(StandardCharsets.UTF_8));
      return;
    }
    StringBuilder text = new StringBuilder("[");
    boolean first = true;
    for (Optional<VectorSchemaRoot> batch = rows.batches().get();
        batch.isPresent();
        batch = rows.batches().get()) {
      for (int row = 0; row < batch.get().getRowCount(); row++) {
        text.append(first ? "\n" : ",\n");
        first = false;
        object(batch.get().getFieldVectors(), row, text);
      }
      out.write(text.toString().getBytes(StandardCharsets.UTF_8));
      text.setLength(0);
    }
    text.append(first ? "]\n" : "\n]\n");
    out.write(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static void object(List<FieldVector> vectors, int row, StringBuilder text) {
    text.append('{');
    for (int i = 0; i < vectors.size(); i++) {
      text.append(i == 0 ? "" : ", ");
      quote(vectors.get(i).getName(), text);
      text.append(": ");
      value(vectors.get(i), row, text);
    }
    text.append('}');
  }

  private static void value(FieldVector vector, int row, StringBuilder text) {
    if (vector instanceof NullVector || vector.isNull(row)) {
      text.append("null");
      return;
    }
    switch (vector) {
      case BaseIntVector v -> text.append(v.getValueAsLong(row));
      case BitVector v -> text.append(v.get(row) == 1);
      case FloatingPointVector v -> {
        double value = v.getValueAsDouble(row);
        text.append(Double.isFinite(value) ? CellText.of(vector, row).orElseThrow() : "null");
      }
      case DecimalVector v -> text.append(v.getObject(row).toPlainString());
      case MapVector v -> quote(CellText.of(v, row).orElseThrow(), text);
      case ListVector v ->
          array(
              (FieldVector) v.getDataVector(),
              v.getElementStartIndex(row),
              v.getElementEndIndex(row),
              text);
      case FixedSizeListVector v ->
          array(
              (FieldVector) v.getDataVector(),
              v.getElementStartIndex(row),
              v.getElementEndIndex(row),
              text);
      case StructVector v -> object(v.getChildrenFromFields(), row, text);
      default -> quote(CellText.of(vector, row).orElseThrow(), text);
    }
  }

  private static void array(FieldVector values, int from, int to, StringBuilder text) {
    text.append('[');
    for (int i = from; i < to; i++) {
      text.append(i == from ? "" : ", ");
      value(values, i, text);
    }
    text.append(']');
  }

  private static void quote(String value, StringBuilder text) {
    text.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '"' -> text.append("\\\"");
        case '\\' -> text.append("\\\\");
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\t' -> text.append("\\t");
        default -> text.append(c < 0x20 ? "\\u%04x".formatted((int) c) : String.valueOf(c));
      }
    }
    text.append('"');
  }
}
