package dev.kelda.parser.grammar;

import dev.kelda.parser.Statement;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.util.List;
import java.util.Map;
import org.apache.calcite.avatica.util.Casing;
import org.apache.calcite.runtime.CalciteContextException;
import org.apache.calcite.sql.validate.SqlConformance;
import org.apache.calcite.sql.validate.SqlConformanceEnum;
import org.apache.calcite.sql.validate.SqlDelegatingConformance;

/**
 * The door to the generated parser: one statement's text in, a {@link Statement} or an error out.
 */
public final class Grammar {
  private static final int MAX_TOKENS = 400_000;
  private static final int MAX_NESTING = 500;
  private static final int MAX_IDENTIFIER = 256;

  /** What the grammar's actions allow; meaning is the planner's affair. */
  private static final SqlConformance CONFORMANCE =
      new SqlDelegatingConformance(SqlConformanceEnum.BABEL) {
        @Override
        public boolean allowExplicitRowValueConstructor() {
          return true;
        }

        @Override
        public boolean isColonFieldAccessAllowed() {
          return false;
        }
      };

  private final TokenSource tokens;
  private final Map<Integer, Scalar> constants;

  private Grammar(TokenSource tokens, Map<Integer, Scalar> constants) {
    this.tokens = tokens;
    this.constants = constants;
  }

  /** Reads the tokens; checks their number and nesting. */
  public static Grammar read(String sql, Map<Integer, Scalar> constants) {
    try {
      Grammar grammar = new Grammar(TokenSource.read(sql), constants);
      grammar.checkSize();
      Unsupported.check(grammar.tokens.tokens());
      Unsupported.checkAliases(grammar.tokens.tokens());
      return grammar;
    } catch (TokenMgrError e) {
      throw SyntaxErrors.lexical(e);
    }
  }

  public int parameterCount() {
    return (int)
        tokens.tokens().stream().filter(t -> t.kind == KeldaParserImplConstants.HOOK).count();
  }

  public int tokenCount() {
    return tokens.tokens().size();
  }

  /** May need a stack in proportion to the number of tokens. */
  public Statement parse() {
    if (tokens.tokens().isEmpty()) {
      throw new KeldaException(
          ErrorCode.SYNTAX_ERROR, "the statement is empty", new TextPosition(1, 1));
    }
    KeldaParserImpl parser = new KeldaParserImpl(tokens);
    parser.constants = constants;
    parser.setConformance(CONFORMANCE);
    parser.setUnquotedCasing(Casing.UNCHANGED);
    parser.setQuotedCasing(Casing.UNCHANGED);
    parser.setIdentifierMaxLength(MAX_IDENTIFIER);
    try {
      return parser.StatementEof();
    } catch (ParseException e) {
      throw SyntaxErrors.of(e, tokens.tokens(), tokens.end());
    } catch (TokenMgrError e) {
      throw SyntaxErrors.lexical(e);
    } catch (CalciteContextException e) {
      throw SyntaxErrors.of(e, tokens.tokens());
    }
  }

  private void checkSize() {
    List<Token> all = tokens.tokens();
    if (all.size() > MAX_TOKENS) {
      throw tooComplex("the statement has more than " + MAX_TOKENS + " words", all.getFirst());
    }
    int depth = 0;
    int mapTypes = 0;
    int arraySuffixes = 0;
    for (int i = 0; i < all.size(); i++) {
      Token token = all.get(i);
      int next = i + 1 < all.size() ? all.get(i + 1).kind : KeldaParserImplConstants.EOF;
      if (token.kind == KeldaParserImplConstants.MAP && next == KeldaParserImplConstants.LT) {
        mapTypes++;
      }
      arraySuffixes =
          switch (token.kind) {
            case KeldaParserImplConstants.LBRACKET -> arraySuffixes;
            case KeldaParserImplConstants.RBRACKET, KeldaParserImplConstants.ARRAY ->
                arraySuffixes + 1;
            default -> 0;
          };
      depth +=
          switch (token.kind) {
            case KeldaParserImplConstants.LPAREN,
                KeldaParserImplConstants.LBRACKET,
                KeldaParserImplConstants.CASE ->
                1;
            case KeldaParserImplConstants.RPAREN,
                KeldaParserImplConstants.RBRACKET,
                KeldaParserImplConstants.END ->
                -1;
            default -> 0;
          };
      if (depth > MAX_NESTING || mapTypes > MAX_NESTING || arraySuffixes > 2 * MAX_NESTING) {
        throw tooComplex("nested deeper than " + MAX_NESTING + " levels", token);
      }
    }
  }

  private static KeldaException tooComplex(String message, Token token) {
    return new KeldaException(
        ErrorCode.STATEMENT_TOO_COMPLEX,
        message,
        new TextPosition(token.beginLine, token.beginColumn));
  }
}
