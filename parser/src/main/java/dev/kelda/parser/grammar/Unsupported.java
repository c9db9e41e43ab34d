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
          "UPDATE", "DELETE", "MERGE", "TRUNCATE", "ALTER", "CALL", "COPY", "GRANT", "REVOKE",
          "BEGIN", "COMMIT", "ROLLBACK", "START", "SAVEPOINT", "ANALYZE", "VACUUM", "REFRESH", "RUN",
          "PREPARE", "EXECUTE", "DEALLOCATE", "PRAGMA", "INSTALL", "LOAD", "IMPORT", "EXPORT",
          "CHECKPOINT", "DECLARE", "LISTEN", "LOCK", "PIVOT", "UNPIVOT", "UPSERT", "REPLACE");
  private static final Set<String> KINDS =
      Set.of(
          "VIEW", "FEATURE", "MODEL", "VECTOR", "TEXT", "TRAINING", "MONITOR", "PIPELINE", "ROLE",
          "ROW", "COLUMN", "INDEX", "UNIQUE", "MATERIALIZED", "TEMPORARY", "TEMP", "FUNCTION",
          "MACRO", "TYPE", "SEQUENCE", "USER", "DATABASE", "EXTERNAL", "TRIGGER", "PROCEDURE",
          "CATALOG", "SECRET");

  private Unsupported() {}

  static void check(List<Token> tokens) {
    if (tokens.isEmpty()) {
      return;
    }
    String verb = word(tokens, 0);
    if (VERBS.contains(verb)) {
      throw refuse(verb, tokens.getFirst());
    }
    if (verb.equals("INSERT") && word(tokens, 1).equals("OVERWRITE")) {
      throw refuse("INSERT OVERWRITE", tokens.getFirst());
    }
    if (verb.equals("COMMENT") && word(tokens, 1).equals("ON")) {
      throw refuse("COMMENT ON", tokens.getFirst());
    }
    if (verb.equals("CREATE") || verb.equals("DROP")) {
      int at = word(tokens, 1).equals("OR") && word(tokens, 2).equals("REPLACE") ? 3 : 1;
      if (KINDS.contains(word(tokens, at))) {
        throw refuse(verb + " " + word(tokens, at), tokens.getFirst());
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
