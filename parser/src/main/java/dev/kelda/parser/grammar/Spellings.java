package dev.kelda.parser.grammar;

import static dev.kelda.parser.grammar.KeldaParserImplConstants.*;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;

/**
 * Spellings of PostgreSQL and DuckDB as the tokens that the grammar knows: {@code ==}, {@code **},
 * {@code $$text$$}, {@code TIMESTAMPTZ '…'}, {@code 0x1F}, {@code 1_000}, {@code x ISNULL}, {@code
 * {day: 1}}.
 */
final class Spellings {
  private static final BitSet BRACES = Words.kinds(LBRACE_D, LBRACE_T, LBRACE_TS, LBRACE_FN);
  private static final BitSet ENDS_OF_VALUES =
      Words.kinds(
          IDENTIFIER,
          QUOTED_IDENTIFIER,
          BACK_QUOTED_NAME,
          QUOTED_STRING,
          UNSIGNED_INTEGER_LITERAL,
          DECIMAL_NUMERIC_LITERAL,
          APPROX_NUMERIC_LITERAL,
          RPAREN,
          RBRACKET,
          HOOK,
          NULL,
          TRUE,
          FALSE);

  private final List<Token> given;
  private final List<Token> tokens = new ArrayList<>();

  private Spellings(List<Token> given) {
    this.given = given;
  }

  static List<Token> of(List<Token> given) {
    Spellings spellings = new Spellings(given);
    for (int i = 0; i < given.size(); i++) {
      i += spellings.add(i);
    }
    return spellings.tokens;
  }

  /** Adds what begins at a token; how many more it took. */
  private int add(int at) {
    Token token = given.get(at);
    boolean touches = at + 1 < given.size() && touch(token, given.get(at + 1));
    Token next = touches ? given.get(at + 1) : token;
    int type = zonedTimestamp(at);
    if (token.kind == DOLLAR_QUOTED) {
      String text = token.image.substring(2, token.image.length() - 2);
      token.kind = QUOTED_STRING;
      token.image = "'" + text.replace("'", "''") + "'";
    } else if (touches && token.kind == EQ && next.kind == EQ) {
      return merge(token, next, EQ, "=");
    } else if (touches && token.kind == STAR && next.kind == STAR) {
      return merge(token, next, CARET, "^");
    } else if (touches && token.kind == UNSIGNED_INTEGER_LITERAL && isTail(token, next)) {
      return merge(token, next, UNSIGNED_INTEGER_LITERAL, number(token.image + next.image));
    } else if (isPostfix(at)) {
      postfix(token);
      return 0;
    } else if (type > 0) {
      cast(given.get(at + type), given.subList(at, at + type));
      return type;
    } else if (BRACES.get(token.kind)) {
      return brace(token, at);
    }
    tokens.add(token);
    return 0;
  }

  private static boolean touch(Token first, Token second) {
    return first.endLine == second.beginLine && first.endColumn + 1 == second.beginColumn;
  }

  private int merge(Token first, Token second, int kind, String image) {
    first.kind = kind;
    first.image = image;
    first.endColumn = second.endColumn;
    tokens.add(first);
    return 1;
  }

  private static boolean isTail(Token number, Token next) {
    return next.kind == IDENTIFIER
        && (number.image.equals("0") && next.image.matches("[xX][0-9a-fA-F]+")
            || next.image.matches("(_[0-9]+)+"));
  }

  private static String number(String image) {
    return image.startsWith("0x") || image.startsWith("0X")
        ? new BigInteger(image.substring(2), 16).toString()
        : image.replace("_", "");
  }

  /** x ISNULL, x NOTNULL; ISNULL(x) is a function's name. */
  private boolean isPostfix(int at) {
    Token token = given.get(at);
    String word = token.kind == IDENTIFIER ? token.image.toUpperCase(Locale.ROOT) : "";
    return (word.equals("ISNULL") || word.equals("NOTNULL"))
        && at > 0
        && endsValue(given.get(at - 1).kind)
        && (at + 1 == given.size() || given.get(at + 1).kind != LPAREN);
  }

  private static boolean isWord(Token token, String word) {
    return token.kind == IDENTIFIER && token.image.equalsIgnoreCase(word);
  }

  /**
   * TIMESTAMPTZ '…' and TIMESTAMP WITH TIME ZONE '…' are casts: of how many tokens the type is, 0
   * when it is none before a text.
   */
  private int zonedTimestamp(int at) {
    int length =
        isWord(given.get(at), "TIMESTAMPTZ")
            ? 1
            : areKinds(at, TIMESTAMP, WITH, TIME, ZONE) ? 4 : 0;
    return length > 0 && areKinds(at + length, QUOTED_STRING) ? length : 0;
  }

  private boolean areKinds(int at, int... kinds) {
    for (int i = 0; i < kinds.length; i++) {
      if (at + i >= given.size() || given.get(at + i).kind != kinds[i]) {
        return false;
      }
    }
    return true;
  }

  private void cast(Token text, List<Token> type) {
    tokens.add(like(type.getFirst(), CAST, "CAST"));
    tokens.add(like(type.getFirst(), LPAREN, "("));
    tokens.add(text);
    tokens.add(like(text, AS, "AS"));
    tokens.addAll(type);
    tokens.add(like(text, RPAREN, ")"));
  }

  private static boolean endsValue(int kind) {
    return ENDS_OF_VALUES.get(kind) || Words.isWord(kind) && !KeywordRules.RESERVED.get(kind);
  }

  private void postfix(Token token) {
    boolean negated = token.image.equalsIgnoreCase("NOTNULL");
    tokens.add(like(token, IS, "IS"));
    if (negated) {
      tokens.add(like(token, NOT, "NOT"));
    }
    tokens.add(like(token, NULL, "NULL"));
  }

  /** {@code {d '2024-01-01'}} is JDBC's, {@code {day: 1}} has a field that begins like it. */
  private int brace(Token token, int at) {
    boolean touches = at + 1 < given.size() && touch(token, given.get(at + 1));
    boolean word =
        touches && given.get(at + 1).image.chars().allMatch(Character::isJavaIdentifierPart);
    int colon = word ? at + 2 : at + 1;
    if (colon >= given.size() || given.get(colon).kind != COLON) {
      tokens.add(token);
      return 0;
    }
    tokens.add(like(token, LBRACE, "{"));
    String start = token.image.substring(1).strip();
    tokens.add(like(token, IDENTIFIER, word ? start + given.get(at + 1).image : start));
    return word ? 1 : 0;
  }

  private static Token like(Token place, int kind, String image) {
    Token token = new Token();
    token.kind = kind;
    token.image = image;
    token.beginLine = place.beginLine;
    token.beginColumn = place.beginColumn;
    token.endLine = place.endLine;
    token.endColumn = place.endColumn;
    return token;
  }
}
