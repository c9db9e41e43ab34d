package dev.kelda.feature.serving;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.List;

/** Names of views in texts: {@code v}, {@code main.v}, {@code lake."my schema".v}. */
final class QuotedNames {
  private QuotedNames() {}

  /**
   * @throws KeldaException INVALID_ARGUMENT when a quote is not closed or a part is empty
   */
  static List<String> parts(String name) {
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c == '"' && quoted && i + 1 < name.length() && name.charAt(i + 1) == '"') {
        part.append(c);
        i++;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == '.' && !quoted) {
        parts.add(part.toString());
        part.setLength(0);
      } else {
        part.append(c);
      }
    }
    parts.add(part.toString());
    if (quoted || parts.contains("")) {
      throw new KeldaException(ErrorCode.INVALID_ARGUMENT, "no name of a view: " + name);
    }
    return List.copyOf(parts);
  }
}
