package dev.kelda.parser;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Finds where statements end in a text: knows strings, quoted names and comments, nothing else. A
 * comment alone is no statement.
 */
final class SqlScanner {
  /** What is open at the end of the text, and where it began. */
  record Unclosed(String what, int offset) {}

  private final String text;
  private final List<String> statements = new ArrayList<>();
  private Optional<Unclosed> unclosed = Optional.empty();
  private int statementStart;
  private boolean blank = true;
  private int at;

  private SqlScanner(String text) {
    this.text = text;
  }

  static SqlScanner scan(String text) {
    SqlScanner scanner = new SqlScanner(text);
    while (scanner.at < text.length()) {
      scanner.step();
    }
    return scanner;
  }

  /** The statements that a semicolon ended. */
  List<String> ended() {
    return List.copyOf(statements);
  }

  /** What stands after the last semicolon; empty when only spaces and comments do. */
  Optional<String> rest() {
    return blank ? Optional.empty() : Optional.of(text.substring(statementStart).strip());
  }

  Optional<Unclosed> unclosed() {
    return unclosed;
  }

  void requireClosed() {
    unclosed.ifPresent(
        open -> {
          throw new KeldaException(
              ErrorCode.SYNTAX_ERROR, open.what() + " is not closed", position(open.offset()));
        });
  }

  private void step() {
    char c = text.charAt(at);
    if (text.startsWith("--", at)) {
      int end = text.indexOf('\n', at);
      at = end < 0 ? text.length() : end + 1;
    } else if (text.startsWith("/*", at)) {
      skipTo("*/", at + 2, "the comment that begins here");
    } else if (c == '\'') {
      blank = false;
      skipString(isEscapeString());
    } else if (text.startsWith("$$", at) && !isInName()) {
      blank = false;
      skipTo("$$", at + 2, "the text that begins here");
    } else if (c == '"' || c == '`') {
      blank = false;
      skipTo(String.valueOf(c), at + 1, "the quoted name that begins here");
    } else if (c == ';') {
      if (!blank) {
        statements.add(text.substring(statementStart, at).strip());
      }
      at++;
      statementStart = at;
      blank = true;
    } else {
      blank &= Character.isWhitespace(c);
      at++;
    }
  }

  private void skipTo(String end, int from, String what) {
    int found = text.indexOf(end, from);
    if (found < 0) {
      unclosed = Optional.of(new Unclosed(what, at));
      at = text.length();
    } else {
      at = found + end.length();
    }
  }

  /** A doubled quote reads as two strings side by side, which ends in the same place. */
  private void skipString(boolean backslash) {
    int i = at + 1;
    while (i < text.length() && text.charAt(i) != '\'') {
      i += backslash && text.charAt(i) == '\\' ? 2 : 1;
    }
    if (i >= text.length()) {
      unclosed = Optional.of(new Unclosed("the string that begins here", at));
      at = text.length();
    } else {
      at = i + 1;
    }
  }

  private boolean isInName() {
    return at > 0 && Character.isJavaIdentifierPart(text.charAt(at - 1));
  }

  /** {@code E'it\'s'}: the E is a prefix, not the end of a name. */
  private boolean isEscapeString() {
    return at > 0
        && (text.charAt(at - 1) == 'E' || text.charAt(at - 1) == 'e')
        && (at == 1 || !Character.isJavaIdentifierPart(text.charAt(at - 2)));
  }

  private TextPosition position(int offset) {
    int line = 1;
    int lineStart = 0;
    for (int i = 0; i < offset; i++) {
      if (text.charAt(i) == '\n') {
        line++;
        lineStart = i + 1;
      }
    }
    return new TextPosition(line, offset - lineStart + 1);
  }
}
