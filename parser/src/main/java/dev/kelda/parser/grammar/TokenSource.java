package dev.kelda.parser.grammar;

import static dev.kelda.parser.grammar.KeldaParserImplConstants.*;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import org.apache.calcite.sql.parser.SqlAbstractParserImpl;

/**
 * All tokens of a statement, read before parsing: each word decided keyword or name by {@link
 * KeywordRules}, so that the grammar may reserve what it likes.
 */
final class TokenSource extends KeldaParserImplTokenManager {
  private static final boolean[] RESERVED_BY_CALCITE = reservedByCalcite();

  private final String sql;
  private final List<Token> tokens;
  private final Token end;
  private int at;

  private TokenSource(String sql, List<Token> tokens, Token end) {
    super(new SimpleCharStream(new StringReader("")));
    this.sql = sql;
    this.tokens = tokens;
    this.end = end;
  }

  /**
   * @throws TokenMgrError for a character that begins no token
   */
  static TokenSource read(String sql) {
    KeldaParserImplTokenManager lexer = new KeldaParserImplTokenManager(new Characters(sql));
    lexer.SwitchTo(DQID);
    List<Token> tokens = new ArrayList<>();
    Token token = lexer.getNextToken();
    for (; token.kind != EOF; token = lexer.getNextToken()) {
      tokens.add(token);
    }
    TokenSource source = new TokenSource(sql, List.copyOf(Spellings.of(tokens)), token);
    source.decideWords();
    return source;
  }

  List<Token> tokens() {
    return tokens;
  }

  Token end() {
    return end;
  }

  /** The text from a token to the end of the statement, without semicolons. */
  String textFrom(Token first) {
    int last = tokens.size() - 1;
    while (tokens.get(last).kind == SEMICOLON) {
      last--;
    }
    Token end = tokens.get(last);
    return sql.substring(
        offset(first.beginLine, first.beginColumn), offset(end.endLine, end.endColumn) + 1);
  }

  private int offset(int line, int column) {
    int at = 0;
    for (int current = 1; current < line; at++) {
      boolean lineEnds =
          sql.charAt(at) == '\n' && (at == 0 || sql.charAt(at - 1) != '\r')
              || sql.charAt(at) == '\r';
      current += lineEnds ? 1 : 0;
    }
    boolean inLineBreak = at > 0 && sql.charAt(at - 1) == '\r' && sql.charAt(at) == '\n';
    return at + (inLineBreak ? 1 : 0) + column - 1;
  }

  @Override
  public Token getNextToken() {
    return at < tokens.size() ? tokens.get(at++) : end;
  }

  private void decideWords() {
    if (tokens.isEmpty()) {
      return;
    }
    if (tokens.getFirst().kind == DESC) {
      tokens.getFirst().kind = DESCRIBE;
    }
    Words words = new Words(tokens);
    do {
      Token token = words.token();
      if (token.kind == BACK_QUOTED_NAME) {
        asQuotedName(token);
      } else if (token.kind == QUOTED_STRING
          && words.previous() == LPAREN
          && words.opener() == EXTRACT
          && words.next() == FROM) {
        asUnit(token);
      } else if (token.kind == IDENTIFIER
          && words.previous() == LPAREN
          && words.opener() == EXTRACT
          && words.next() == FROM) {
        asSingular(token);
      } else if (Words.isWord(token.kind)
          && !KeywordRules.isKeyword(words, RESERVED_BY_CALCITE[token.kind])) {
        asName(token);
      }
    } while (words.advance());
  }

  /** EXTRACT(milliseconds FROM t) is EXTRACT(MILLISECOND FROM t). */
  private static void asSingular(Token token) {
    String unit = token.image.toUpperCase(java.util.Locale.ROOT);
    if (unit.endsWith("SECONDS")) {
      token.image = unit.substring(0, unit.length() - 1);
      int kind = Words.kindOf(token.image);
      token.kind = kind == EOF ? IDENTIFIER : kind;
    }
  }

  /** EXTRACT('year' FROM d) is EXTRACT(YEAR FROM d). */
  private static void asUnit(Token token) {
    String unit = token.image.substring(1, token.image.length() - 1);
    int kind = Words.kindOf(unit);
    if (kind != EOF) {
      token.kind = kind;
      token.image = unit;
    }
  }

  /** Quoted where Calcite would take the bare word for a call of its function. */
  private static void asName(Token token) {
    if (token.kind == USER || token.kind == SYSTEM_USER) {
      token.kind = QUOTED_IDENTIFIER;
      token.image = '"' + token.image + '"';
    } else {
      token.kind = IDENTIFIER;
    }
  }

  private static void asQuotedName(Token token) {
    String name = token.image.substring(1, token.image.length() - 1).replace("``", "`");
    token.image = '"' + name.replace("\"", "\"\"") + '"';
    token.kind = QUOTED_IDENTIFIER;
  }

  private static boolean[] reservedByCalcite() {
    SqlAbstractParserImpl.Metadata metadata =
        new KeldaParserImpl(new StringReader("")).getMetadata();
    boolean[] reserved = new boolean[tokenImage.length];
    for (int kind = 0; kind < reserved.length; kind++) {
      if (Words.isWord(kind)) {
        String word = tokenImage[kind].substring(1, tokenImage[kind].length() - 1);
        reserved[kind] = !metadata.isNonReservedKeyword(word);
      }
    }
    return reserved;
  }

  /** Columns count characters; a tab is one. */
  private static final class Characters extends SimpleCharStream {
    Characters(String sql) {
      super(new StringReader(sql), 1, 1, Math.max(sql.length(), 16));
      setTabSize(1);
    }
  }
}
