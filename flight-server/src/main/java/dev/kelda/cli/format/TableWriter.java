package dev.kelda.cli.format;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** A box that fits the terminal: rows and columns in the middle give way to dots. */
final class TableWriter implements ResultWriter {
  private static final String NULL = "NULL";
  private static final String DOTS = "·";

  private final Layout layout;

  TableWriter(Layout layout) {
    this.layout = requireNonNull(layout, "layout is null");
  }

  @Override
  public void write(Rows rows, OutputStream out) throws IOException {
    String text = rows.updateCount().isPresent() ? updated(rows) : table(rows);
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  static String updated(Rows rows) {
    long count = rows.updateCount().orElse(0);
    return count == 0 ? "OK\n" : "OK, " + counted(count) + "\n";
  }

  private String table(Rows rows) {
    int headRows = Math.ceilDiv(layout.maxRows(), 2);
    int tailRows = layout.maxRows() - headRows;
    List<List<String>> head = new ArrayList<>();
    Deque<List<String>> tail = new ArrayDeque<>();
    long count = 0;
    for (Optional<VectorSchemaRoot> batch = rows.batches().get();
        batch.isPresent();
        batch = rows.batches().get()) {
      for (int row = 0; row < batch.get().getRowCount(); row++) {
        count++;
        if (head.size() < headRows) {
          head.add(cells(batch.get(), row));
        } else {
          tail.add(cells(batch.get(), row));
          if (tail.size() > tailRows) {
            tail.removeFirst();
          }
        }
      }
    }
    boolean elided = count > head.size() + tail.size();
    List<List<String>> shown = new ArrayList<>(head);
    if (elided) {
      shown.add(rows.schema().getFields().stream().map(field -> DOTS).toList());
    }
    shown.addAll(tail);
    String box = new Box(rows.schema().getFields(), shown, layout.width()).draw();
    String footer = counted(count);
    return box + (elided ? footer + ", " + (head.size() + tail.size()) + " shown" : footer) + "\n";
  }

  static String counted(long count) {
    return "%,d row%s".formatted(count, count == 1 ? "" : "s");
  }

  private static List<String> cells(VectorSchemaRoot batch, int row) {
    List<String> cells = new ArrayList<>();
    for (FieldVector vector : batch.getFieldVectors()) {
      cells.add(CellText.of(vector, row).map(TextWidth::printable).orElse(NULL));
    }
    return cells;
  }

  /** Whether a column's values are lined up on the right. */
  static boolean isNumber(Field field) {
    return switch (field.getType()) {
      case ArrowType.Int ignored -> true;
      case ArrowType.FloatingPoint ignored -> true;
      case ArrowType.Decimal ignored -> true;
      default -> false;
    };
  }
}
