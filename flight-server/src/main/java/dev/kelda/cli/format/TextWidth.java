package dev.kelda.cli.format;

import org.jline.utils.WCWidth;

/** Text as it lies on a terminal: wide characters take two columns, combining ones none. */
final class TextWidth {
  private TextWidth() {}

  /** Control characters as escapes, so that a value cannot move the cursor. */
  static String printable(String text) {
    if (text.chars().noneMatch(Character::isISOControl)) {
      return text;
    }
    StringBuilder safe = new StringBuilder();
    text.chars()
        .forEach(
            c -> {
              switch (c) {
                case '\n' -> safe.append("\\n");
                case '\r' -> safe.append("\\r");
                case '\t' -> safe.append("\\t");
                default -> {
                  if (Character.isISOControl(c)) {
                    safe.append("\\x%02x".formatted(c));
                  } else {
                    safe.append((char) c);
                  }
                }
              }
            });
    return safe.toString();
  }

  static int of(String text) {
    int width = 0;
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      width += Math.max(0, WCWidth.wcwidth(text.codePointAt(i)));
    }
    return width;
  }

  /** At most {@code width} columns; a cut is marked by an ellipsis. */
  static String cut(String text, int width) {
    if (of(text) <= width) {
      return text;
    }
    StringBuilder cut = new StringBuilder();
    int used = 0;
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      int next = Math.max(0, WCWidth.wcwidth(text.codePointAt(i)));
      if (used + next > width - 1) {
        break;
      }
      used += next;
      cut.appendCodePoint(text.codePointAt(i));
    }
    return cut + "…";
  }
}
