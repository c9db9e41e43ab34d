package dev.kelda.cli.sql;

import dev.kelda.spi.error.KeldaException;

/** An error as the console shows it: the text, then the line at fault with a caret below. */
final class ErrorText {
  private static final int MOST_COLUMNS = 100;

  private ErrorText() {}

  static String of(KeldaException error, String sql) {
    return error.describe()
        + error
            .position()
            .map(position -> excerpt(sql, position.line(), position.column()))
            .orElse("");
  }

  private static String excerpt(String sql, int line, int column) {
    String[] lines = sql.split("\n", -1);
    if (line > lines.length || column > lines[line - 1].length() + 1) {
      return "";
    }
    String text = lines[line - 1].replace('\t', ' ').stripTrailing();
    int start = Math.max(0, column - 1 - MOST_COLUMNS / 2);
    int end = Math.min(text.length(), start + MOST_COLUMNS);
    String shown = text.substring(Math.min(start, text.length()), end);
    return "\n  " + shown + "\n  " + " ".repeat(column - 1 - start) + "^";
  }
}
