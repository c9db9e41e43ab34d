package dev.kelda.cli.format;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * Draws a table into a width: the widest columns are cut first, down to a readable least; columns
 * in the middle are left out when that is not enough.
 */
final class Box {
  private static final int LEAST = 8;
  private static final int ELIDED = -1;

  private final List<Field> fields;
  private final List<List<String>> rows;
  private final int[] widths;
  private final List<Integer> columns;

  /**
   * @param rows cells without control characters
   */
  Box(List<Field> fields, List<List<String>> rows, int width) {
    this.fields = fields;
    this.rows = rows;
    this.widths = IntStream.range(0, fields.size()).map(this::natural).toArray();
    this.columns = new ArrayList<>(IntStream.range(0, fields.size()).boxed().toList());
    fit(width);
  }

  private int natural(int column) {
    int widest = TextWidth.of(TextWidth.printable(fields.get(column).getName()));
    for (List<String> row : rows) {
      widest = Math.max(widest, TextWidth.of(row.get(column)));
    }
    return Math.max(1, widest);
  }

  private void fit(int width) {
    while (total() > width && columns.stream().anyMatch(column -> widths[column] > LEAST)) {
      int widest = columns.stream().reduce((a, b) -> widths[b] > widths[a] ? b : a).orElseThrow();
      int second =
          columns.stream()
              .filter(column -> column != widest)
              .mapToInt(column -> widths[column])
              .max()
              .orElse(LEAST);
      int excess = total() - width;
      int least = Math.max(LEAST, Math.min(second, widths[widest] - 1));
      widths[widest] = Math.max(least, widths[widest] - excess);
    }
    while (total() > width && columns.size() > 3) {
      int middle = columns.size() / 2;
      if (columns.contains(ELIDED)) {
        int gap = columns.indexOf(ELIDED);
        columns.remove(gap > columns.size() - 1 - gap ? gap - 1 : gap + 1);
      } else {
        columns.set(middle, ELIDED);
      }
    }
  }

  private int total() {
    return columns.stream().mapToInt(column -> width(column) + 3).sum() + 1;
  }

  private int width(int column) {
    return column == ELIDED ? 1 : widths[column];
  }

  String draw() {
    if (fields.isEmpty()) {
      return "";
    }
    StringBuilder text = new StringBuilder();
    text.append(rule("┌", "┬", "┐"));
    text.append(
        line(column -> column == ELIDED ? "…" : TextWidth.printable(fields.get(column).getName())));
    text.append(rule("├", "┼", "┤"));
    for (List<String> row : rows) {
      text.append(line(column -> column == ELIDED ? "…" : row.get(column)));
    }
    return text.append(rule("└", "┴", "┘")).toString();
  }

  private String line(IntFunction<String> cell) {
    return columns.stream()
        .map(
            column -> {
              String shown = TextWidth.cut(cell.apply(column), width(column));
              String padding = " ".repeat(width(column) - TextWidth.of(shown));
              boolean right = column != ELIDED && TableWriter.isNumber(fields.get(column));
              return right ? padding + shown : shown + padding;
            })
        .collect(Collectors.joining(" │ ", "│ ", " │\n"));
  }

  private String rule(String left, String middle, String right) {
    return columns.stream()
        .map(column -> "─".repeat(width(column) + 2))
        .collect(Collectors.joining(middle, left, right + "\n"));
  }
}
