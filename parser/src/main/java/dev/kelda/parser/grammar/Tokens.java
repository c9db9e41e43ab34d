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

  static boolean isQueryWord(int kind) {
    return kind == SELECT || kind == WITH || kind == VALUES || kind == FROM;
  }

  private static int kind(KeldaParserImpl parser, int ahead) {
    return parser.getToken(ahead).kind;
  }
}
