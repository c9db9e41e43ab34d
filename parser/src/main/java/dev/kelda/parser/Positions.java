package dev.kelda.parser;

import dev.kelda.spi.error.TextPosition;
import java.util.Optional;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.parser.SqlParserPos;

/** Calcite's positions to ours. */
public final class Positions {
  private Positions() {}

  /**
   * Where the node begins; the first character of the text when the node has no place of its own.
   */
  public static TextPosition start(SqlNode node) {
    return start(node.getParserPosition()).orElse(new TextPosition(1, 1));
  }

  /** Empty for {@link SqlParserPos#ZERO}. */
  public static Optional<TextPosition> start(SqlParserPos position) {
    return position.getLineNum() < 1 || position.getColumnNum() < 1
        ? Optional.empty()
        : Optional.of(new TextPosition(position.getLineNum(), position.getColumnNum()));
  }
}
