package dev.kelda.parser.grammar;

import static dev.kelda.parser.grammar.KeldaParserImplConstants.*;

import java.util.Locale;
import java.util.Set;

/** Questions that the grammar asks about the tokens ahead. */
final class Tokens {
  private static final Set<Integer> AFTER_GROUP_BY =
      Set.of(
          EOF, SEMICOLON, RPAREN, HAVING, WINDOW, QUALIFY, ORDER, LIMIT, OFFSET, FETCH, UNION,
          INTERSECT, EXCEPT, SET_MINUS);

  private Tokens() {}

  /** GROUP BY ALL with a list after it, the standard's noise word. */
  static boolean isGroupByAllOf(KeldaParserImpl parser) {
    return kind(parser, 1) == ALL && !AFTER_GROUP_BY.contains(kind(parser, 2));
  }

  /** LATERAL f( and LATERAL s.f(, but not LATERAL (query) and LATERAL TABLE(f()). */
  static boolean isLateralFunction(KeldaParserImpl parser) {
    int second = kind(parser, 2);
    return kind(parser, 1) == LATERAL
        && (second == IDENTIFIER || second == QUOTED_IDENTIFIER)
        && (kind(parser, 3) == LPAREN || kind(parser, 3) == DOT);
  }

  static boolean startsQuery(KeldaParserImpl parser) {
    return isQueryWord(kind(parser, 1)) || kind(parser, 1) == LPAREN;
  }

  /** A parenthesis that holds names, not a query. */
  static boolean isColumnList(KeldaParserImpl parser) {
    return kind(parser, 1) == LPAREN && !isQueryWord(kind(parser, 2)) && kind(parser, 2) != LPAREN;
  }

  /** FOR BRANCH and a name, after the target of an INSERT. */
  static boolean isForBranch(KeldaParserImpl parser) {
    return kind(parser, 1) == FOR && parser.getToken(2).image.equalsIgnoreCase("BRANCH");
  }

  static boolean isExplainOptions(KeldaParserImpl parser) {
    String word = parser.getToken(2).image.toUpperCase(Locale.ROOT);
    return kind(parser, 1) == LPAREN && (word.equals("FORMAT") || word.equals("ANALYZE"));
  }

  /** SET SESSION x = 1, as opposed to SET session = 1 or SET session.x = 1. */
  static boolean isSessionPrefix(KeldaParserImpl parser) {
    return kind(parser, 1) == SESSION
        && kind(parser, 2) != EQ
        && kind(parser, 2) != TO
        && kind(parser, 2) != DOT;
  }

  /** {@code DISTINCT ON (}, where ON cannot be a join's. */
  static boolean isDistinctOn(KeldaParserImpl parser) {
    return parser.getToken(0).kind == DISTINCT
        && kind(parser, 1) == ON
        && kind(parser, 2) == LPAREN;
  }

  /**
   * IGNORE NULLS behind a call, and not as the last word among the arguments of a call around it.
   */
  static boolean isNullTreatmentOfCall(KeldaParserImpl parser) {
    return (kind(parser, 1) == IGNORE || kind(parser, 1) == RESPECT)
        && kind(parser, 2) == NULLS
        && kind(parser, 3) != RPAREN
        && kind(parser, 3) != ORDER;
  }

  /** {@code >>} is two tokens: MAP<INT, ARRAY<INT>> ends in them, too. */
  static boolean isShiftRight(KeldaParserImpl parser) {
    Token first = parser.getToken(1);
    Token second = parser.getToken(2);
    return first.kind == GT
        && second.kind == GT
        && first.beginLine == second.beginLine
        && first.endColumn + 1 == second.beginColumn;
  }

  /** A colon stands in the brackets that begin here. */
  static boolean isSlice(KeldaParserImpl parser) {
    if (kind(parser, 1) != LBRACKET) {
      return false;
    }
    int depth = 0;
    for (int ahead = 1; kind(parser, ahead) != EOF; ahead++) {
      switch (kind(parser, ahead)) {
        case LBRACKET, LPAREN, LBRACE -> depth++;
        case RBRACKET, RPAREN, RBRACE -> {
          if (--depth == 0) {
            return false;
          }
        }
        case COLON -> {
          if (depth == 1) {
            return true;
          }
        }
        default -> {}
      }
    }
    return false;
  }

  static boolean isQueryWord(int kind) {
    return kind == SELECT || kind == WITH || kind == VALUES || kind == FROM;
  }

  private static int kind(KeldaParserImpl parser, int ahead) {
    return parser.getToken(ahead).kind;
  }
}
