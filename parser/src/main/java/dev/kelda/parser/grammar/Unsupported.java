package dev.kelda.parser.grammar;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Statements that a user may well know from elsewhere, refused by name and not by a guess. */
final class Unsupported {
  private static final Set<String> VERBS =
      Set.of(
          "GRANT",
          "REVOKE",
          "BEGIN",
          "COMMIT",
          "ROLLBACK",
          "START",
          "SAVEPOINT",
          "VACUUM",
          "RUN",
          "PREPARE",
          "EXECUTE",
          "DEALLOCATE",
          "PRAGMA",
          "INSTALL",
          "LOAD",
          "IMPORT",
          "EXPORT",
          "CHECKPOINT",
          "DECLARE",
          "LISTEN",
          "LOCK",
          "PIVOT",
          "UNPIVOT",
          "UPSERT",
          "REPLACE");
  private static final Set<String> KINDS =
      Set.of(
          "MONITOR",
          "PIPELINE",
          "ROLE",
          "ROW",
          "COLUMN",
          "INDEX",
          "UNIQUE",
          "MATERIALIZED",
          "TEMPORARY",
          "TEMP",
          "FUNCTION",
          "MACRO",
          "TYPE",
          "SEQUENCE",
          "USER",
          "DATABASE",
          "EXTERNAL",
          "TRIGGER",
          "PROCEDURE",
          "CATALOG",
          "SECRET");

  private static final Set<String> FRAME_STARTS = Set.of("BETWEEN", "UNBOUNDED", "CURRENT");
  private static final Set<String> JOINS = Set.of("SEMI", "ANTI", "POSITIONAL");
  private static final Set<Integer> NUMBERS =
      Set.of(
          KeldaParserImplConstants.UNSIGNED_INTEGER_LITERAL,
          KeldaParserImplConstants.DECIMAL_NUMERIC_LITERAL,
          KeldaParserImplConstants.APPROX_NUMERIC_LITERAL);

  private Unsupported() {}

  static void check(List<Token> tokens) {
    if (tokens.isEmpty()) {
      return;
    }
    String verb = word(tokens, 0);
    if (VERBS.contains(verb)) {
      throw refuse(verb, tokens.getFirst());
    }
    if (verb.equals("CREATE") || verb.equals("DROP") || verb.equals("ALTER")) {
      int at = word(tokens, 1).equals("OR") && word(tokens, 2).equals("REPLACE") ? 3 : 1;
      boolean dropsIndex = verb.equals("DROP") && word(tokens, at).equals("INDEX");
      if (KINDS.contains(word(tokens, at)) && !dropsIndex) {
        throw refuse(verb + " " + word(tokens, at), tokens.getFirst());
      }
    }
  }

  /** What would otherwise read as an alias, and mean something else without a word. */
  static void checkAliases(List<Token> tokens) {
    for (int i = 1; i < tokens.size(); i++) {
      Token before = tokens.get(i - 1);
      Token token = tokens.get(i);
      if (token.kind == KeldaParserImplConstants.JOIN
          && before.kind == KeldaParserImplConstants.IDENTIFIER
          && JOINS.contains(word(tokens, i - 1))
          && i > 1
          && tokens.get(i - 2).kind != KeldaParserImplConstants.AS
          && tokens.get(i - 2).kind != KeldaParserImplConstants.DOT) {
        throw refuse(word(tokens, i - 1) + " JOIN", before);
      }
      if (word(tokens, i).equals("GROUPS")
          && FRAME_STARTS.contains(word(tokens, i + 1))
          && before.kind != KeldaParserImplConstants.AS) {
        throw refuse("a window frame of GROUPS", token);
      }
      if (NUMBERS.contains(before.kind)
          && token.beginLine == before.endLine
          && token.beginColumn == before.endColumn + 1
          && Character.isJavaIdentifierStart(token.image.charAt(0))) {
        throw new KeldaException(
            ErrorCode.SYNTAX_ERROR,
            "'" + before.image + token.image + "' is neither a number nor a name",
            new TextPosition(before.beginLine, before.beginColumn));
      }
    }
  }

  private static String word(List<Token> tokens, int at) {
    return at < tokens.size() ? tokens.get(at).image.toUpperCase(Locale.ROOT) : "";
  }

  private static KeldaException refuse(String what, Token token) {
    return new KeldaException(
        ErrorCode.NOT_SUPPORTED,
        what + " is not supported",
        new TextPosition(token.beginLine, token.beginColumn));
  }
}
