package dev.kelda.parser.grammar;

import static dev.kelda.parser.grammar.KeldaParserImplConstants.*;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.calcite.runtime.CalciteContextException;

/** What went wrong, where, and the nearest word that would have been right. */
final class SyntaxErrors {
  private static final Pattern LEXICAL =
      Pattern.compile(
          "Lexical error at line (\\d+), column (\\d+)\\.\\s+Encountered: (.*) after.*",
          Pattern.DOTALL);
  private static final Pattern ENCOUNTERED = Pattern.compile("\"(.+?)\" \\(\\d+\\),");
  private static final int MAX_EXPECTED = 9;

  /** Reserved words that a user may well have meant as a name. */
  private static final Set<Integer> NAME_LIKE_WORDS =
      Set.of(
          ORDER,
          GROUP,
          LIMIT,
          OFFSET,
          TABLE,
          USING,
          ALL,
          CASE,
          DEFAULT_,
          FOR,
          TO,
          LIKE,
          IN,
          IS,
          AS,
          TRUE,
          FALSE,
          NULL,
          NOT,
          AND,
          OR,
          EXISTS,
          QUALIFY,
          LATERAL,
          CURRENT_DATE,
          CURRENT_TIME,
          CURRENT_TIMESTAMP,
          LOCALTIME,
          LOCALTIMESTAMP,
          CURRENT_USER,
          SESSION_USER);

  private static final int WORDS_BACK = 4;
  private static final int MAX_SHOWN = 40;

  private SyntaxErrors() {}

  static KeldaException lexical(TokenMgrError error) {
    Matcher matcher = LEXICAL.matcher(error.getMessage());
    if (!matcher.matches()) {
      return new KeldaException(ErrorCode.SYNTAX_ERROR, error.getMessage(), new TextPosition(1, 1));
    }
    Matcher character = ENCOUNTERED.matcher(matcher.group(3));
    String message =
        character.find()
            ? "unexpected character '" + character.group(1) + "'"
            : "the statement ends too early";
    return new KeldaException(
        ErrorCode.SYNTAX_ERROR,
        message,
        new TextPosition(
            Integer.parseInt(matcher.group(1)), Math.max(1, Integer.parseInt(matcher.group(2)))));
  }

  /** Errors that Calcite's grammar throws from its actions. */
  static KeldaException of(CalciteContextException error, List<Token> tokens) {
    String message =
        Optional.ofNullable(error.getCause()).map(Throwable::getMessage).orElse(error.getMessage());
    TextPosition position =
        new TextPosition(Math.max(1, error.getPosLine()), Math.max(1, error.getPosColumn()));
    if (message.startsWith("Non-query expression")) {
      return noQuery(position, tokens);
    }
    return new KeldaException(ErrorCode.SYNTAX_ERROR, message, position);
  }

  /** Something stands where a statement or a query must begin. */
  private static KeldaException noQuery(TextPosition position, List<Token> tokens) {
    int at = 0;
    while (at < tokens.size() - 1 && !isAt(tokens.get(at), position)) {
      at++;
    }
    for (Token token :
        tokens.subList(Math.max(0, at - WORDS_BACK), Math.min(tokens.size(), at + 2))) {
      Optional<String> typo = near(token, STATEMENT_WORDS);
      if (typo.isPresent()) {
        return unexpected(token, "; did you mean " + typo.get() + "?");
      }
    }
    return unexpected(tokens.get(at), "; expected a query or another statement");
  }

  private static boolean isAt(Token token, TextPosition position) {
    return token.beginLine == position.line() && token.beginColumn == position.column();
  }

  static KeldaException of(ParseException error, List<Token> tokens, Token end) {
    if (error.currentToken == null) {
      return new KeldaException(ErrorCode.SYNTAX_ERROR, error.getMessage(), new TextPosition(1, 1));
    }
    int index = tokens.indexOf(error.currentToken) + 1;
    List<int[]> sequences = List.of(error.expectedTokenSequences);
    int level = 0;
    // With a look-ahead of several tokens, the first ones may well be right.
    while (true) {
      List<int[]> longer = agreeing(sequences, level, kind(tokens, index));
      if (longer.isEmpty()) {
        break;
      }
      sequences = longer;
      level++;
      index++;
    }
    Token found = index < tokens.size() ? tokens.get(index) : end;
    Set<Integer> expected = expected(sequences, level);

    Optional<String> near = near(found, names(expected));
    if (near.isPresent()) {
      return unexpected(found, "; did you mean " + near.get() + "?");
    }
    for (int back = index - 1; back >= 0 && back > index - 3; back--) {
      Token earlier = tokens.get(back);
      Optional<String> typo =
          TypeNames.isKnown(earlier) ? Optional.empty() : near(earlier, KEYWORDS);
      if (typo.isPresent()) {
        return unexpected(earlier, "; did you mean " + typo.get() + "?");
      }
    }
    if (found.kind == EOF) {
      return new KeldaException(
          ErrorCode.SYNTAX_ERROR,
          "the statement ends too early" + list(expected),
          endOf(tokens, index));
    }
    int before = kind(tokens, index - 1);
    if (found.kind == FROM && (before == COMMA || before == SELECT)) {
      return unexpected(
          found,
          before == COMMA ? "; the comma before it is one too many" : "; the select list is empty");
    }
    if (NAME_LIKE_WORDS.contains(found.kind) && expected.contains(IDENTIFIER)) {
      String quoted = '"' + found.image + '"';
      return unexpected(found, ", a reserved word; as a name it needs quotes: " + quoted);
    }
    return unexpected(found, list(expected));
  }

  private static KeldaException unexpected(Token token, String rest) {
    String image =
        token.image.length() > MAX_SHOWN
            ? token.image.substring(0, MAX_SHOWN) + "..."
            : token.image;
    String shown = image.startsWith("'") ? image : "'" + image + "'";
    return new KeldaException(
        ErrorCode.SYNTAX_ERROR,
        "unexpected " + shown + rest,
        new TextPosition(token.beginLine, token.beginColumn));
  }

  private static TextPosition endOf(List<Token> tokens, int index) {
    Token last = tokens.get(Math.min(index, tokens.size()) - 1);
    return new TextPosition(last.endLine, last.endColumn + 1);
  }

  private static int kind(List<Token> tokens, int index) {
    return index < tokens.size() ? tokens.get(index).kind : EOF;
  }

  /** The sequences that have this kind at the level, and more after it. */
  private static List<int[]> agreeing(List<int[]> sequences, int level, int kind) {
    return sequences.stream()
        .filter(sequence -> sequence.length > level + 1 && sequence[level] == kind)
        .toList();
  }

  /** The kinds that could have followed. */
  private static Set<Integer> expected(List<int[]> sequences, int level) {
    return sequences.stream()
        .filter(sequence -> sequence.length > level)
        .map(sequence -> sequence[level])
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static List<String> names(Set<Integer> kinds) {
    return kinds.stream().filter(Words::isWord).map(SyntaxErrors::image).toList();
  }

  private static String list(Set<Integer> expected) {
    List<String> shown =
        expected.stream()
            .filter(kind -> kind != EOF)
            .map(SyntaxErrors::image)
            .filter(image -> !image.isEmpty())
            .distinct()
            .toList();
    return shown.isEmpty() || shown.size() > MAX_EXPECTED
        ? ""
        : "; expected " + String.join(" or ", shown);
  }

  private static String image(int kind) {
    String image = tokenImage[kind];
    if (image.startsWith("\"")) {
      String text = image.substring(1, image.length() - 1);
      return Words.isWord(kind) ? text : "'" + text + "'";
    }
    return switch (kind) {
      case IDENTIFIER, QUOTED_IDENTIFIER -> "a name";
      case QUOTED_STRING -> "a string in single quotes";
      case UNSIGNED_INTEGER_LITERAL, DECIMAL_NUMERIC_LITERAL, APPROX_NUMERIC_LITERAL -> "a number";
      default -> "";
    };
  }

  private static Optional<String> near(Token token, Collection<String> candidates) {
    if (token.kind != IDENTIFIER || token.image.length() < 3) {
      return Optional.empty();
    }
    String word = token.image.toUpperCase(Locale.ROOT);
    int allowed = word.length() > 5 ? 2 : 1;
    return candidates.stream()
        .filter(candidate -> candidate.length() > 2 && !candidate.equals(word))
        .filter(candidate -> EditDistance.between(word, candidate) <= allowed)
        .min(
            (a, b) ->
                Integer.compare(EditDistance.between(word, a), EditDistance.between(word, b)));
  }

  /** The words that may begin a statement, or a query within one. */
  private static final List<String> STATEMENT_WORDS =
      List.of(
          "SELECT",
          "VALUES",
          "WITH",
          "FROM",
          "TABLE",
          "INSERT",
          "CREATE",
          "DROP",
          "ALTER",
          "COMMENT",
          "CALL",
          "EXPLAIN",
          "ANALYZE",
          "DESCRIBE",
          "SHOW",
          "SET",
          "RESET",
          "USE",
          "CANCEL",
          "ATTACH",
          "DETACH");

  /** The words that a misspelt name before the error is compared with. */
  private static final List<String> KEYWORDS =
      List.of(
          "SELECT",
          "FROM",
          "WHERE",
          "GROUP",
          "HAVING",
          "ORDER",
          "LIMIT",
          "OFFSET",
          "QUALIFY",
          "UNION",
          "INTERSECT",
          "EXCEPT",
          "JOIN",
          "LEFT",
          "RIGHT",
          "INNER",
          "OUTER",
          "FULL",
          "CROSS",
          "USING",
          "BETWEEN",
          "DISTINCT",
          "VALUES",
          "INSERT",
          "INTO",
          "CREATE",
          "TABLE",
          "SCHEMA",
          "DROP",
          "EXPLAIN",
          "ANALYZE",
          "DESCRIBE",
          "SHOW",
          "RESET",
          "CAST",
          "CASE",
          "WHEN",
          "THEN",
          "ELSE",
          "END",
          "EXISTS",
          "INTERVAL",
          "PARTITION",
          "OVER",
          "WITH",
          "ASOF",
          "LATERAL",
          "MATCH_CONDITION",
          "TOLERANCE",
          "ATTACH",
          "DETACH",
          "CANCEL",
          "LIKE",
          "ILIKE",
          "AND",
          "NULLS",
          "WINDOW",
          "FETCH");
}
