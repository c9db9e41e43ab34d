package dev.kelda.ai.index;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause.Occur;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.MatchNoDocsQuery;
import org.apache.lucene.search.PrefixQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.util.QueryBuilder;

/**
 * Queries as people write them: {@code late delivery}, {@code late AND (delivery OR arrival)},
 * {@code "late delivery" -cancelled}, {@code deliv*}. Words without an operator may each be there
 * or not; {@code +word} must, {@code -word} and {@code NOT word} must not. AND binds closer than
 * OR. Any other character only parts words, so that every text is a query.
 */
final class TextQuery {
  private static final int MOST_WORDS = 1_000;
  private static final int MOST_DEPTH = 50;

  private final List<String> fields;
  private final QueryBuilder words;
  private final List<String> tokens;
  private int at;
  private int depth;

  private TextQuery(String text, List<String> fields, Analyzer analyzer) {
    this.fields = List.copyOf(fields);
    this.words = new QueryBuilder(analyzer);
    this.tokens = tokens(text);
  }

  /**
   * @param fields each of which may hold a word
   * @throws KeldaException INVALID_ARGUMENT for too many words
   */
  static Query parse(String text, List<String> fields, Analyzer analyzer) {
    TextQuery query = new TextQuery(text, fields, analyzer);
    if (query.tokens.size() > MOST_WORDS) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "a text query has at most %d words, not %d".formatted(MOST_WORDS, query.tokens.size()));
    }
    return query.any().orElseGet(() -> new MatchNoDocsQuery("no words"));
  }

  /** Operators, parentheses, phrases with their quotes, words. */
  private static List<String> tokens(String text) {
    List<String> tokens = new ArrayList<>();
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      if (c == '"') {
        int end = text.indexOf('"', i + 1);
        tokens.add(text.substring(i, end < 0 ? text.length() : end));
        i = end < 0 ? text.length() : end + 1;
      } else if (c == '(' || c == ')') {
        tokens.add(String.valueOf(c));
        i++;
      } else if (Character.isWhitespace(c)) {
        i++;
      } else {
        int end = i;
        while (end < text.length()
            && !Character.isWhitespace(text.charAt(end))
            && "()\"".indexOf(text.charAt(end)) < 0) {
          end++;
        }
        tokens.add(text.substring(i, end));
        i = end;
      }
    }
    return tokens;
  }

  private boolean isNext(String token) {
    return at < tokens.size() && tokens.get(at).equals(token);
  }

  /** Alternatives and words side by side, up to a closing parenthesis. */
  private Optional<Query> any() {
    BooleanQuery.Builder all = new BooleanQuery.Builder();
    int clauses = 0;
    int wanted = 0;
    while (at < tokens.size() && !isNext(")")) {
      if (isNext("OR") || isNext("AND")) {
        at++;
        continue;
      }
      Occur occur = occur();
      Optional<Query> one = together(occur);
      if (one.isPresent()) {
        all.add(one.get(), occur);
        clauses++;
        wanted += occur == Occur.MUST_NOT ? 0 : 1;
      }
    }
    // What only excludes finds nothing.
    return clauses == 0 || wanted == 0 ? Optional.empty() : Optional.of(all.build());
  }

  private Occur occur() {
    if (isNext("NOT")) {
      at++;
      return Occur.MUST_NOT;
    }
    String token = tokens.get(at);
    if (token.length() > 1 && (token.charAt(0) == '+' || token.charAt(0) == '-')) {
      tokens.set(at, token.substring(1));
      return token.charAt(0) == '+' ? Occur.MUST : Occur.MUST_NOT;
    }
    if (token.equals("+") || token.equals("-")) {
      boolean group = at + 1 < tokens.size() && "(\"".indexOf(tokens.get(at + 1).charAt(0)) >= 0;
      if (group) {
        at++;
        return token.equals("+") ? Occur.MUST : Occur.MUST_NOT;
      }
    }
    return Occur.SHOULD;
  }

  /** {@code a AND b AND NOT c}. */
  private Optional<Query> together(Occur first) {
    Optional<Query> one = unit();
    if (!isNext("AND") || first == Occur.MUST_NOT) {
      return one;
    }
    BooleanQuery.Builder all = new BooleanQuery.Builder();
    one.ifPresent(query -> all.add(query, Occur.MUST));
    while (isNext("AND")) {
      at++;
      if (at >= tokens.size() || isNext(")")) {
        break;
      }
      Occur occur = occur();
      unit().ifPresent(query -> all.add(query, occur == Occur.SHOULD ? Occur.MUST : occur));
    }
    return Optional.of(all.build());
  }

  private Optional<Query> unit() {
    if (at >= tokens.size()) {
      return Optional.empty();
    }
    String token = tokens.get(at++);
    if (token.equals("(")) {
      if (++depth > MOST_DEPTH) {
        throw new KeldaException(
            ErrorCode.STATEMENT_TOO_COMPLEX,
            "a text query is nested more than " + MOST_DEPTH + " deep");
      }
      Optional<Query> inner = any();
      if (isNext(")")) {
        at++;
      }
      depth--;
      return inner;
    }
    if (token.charAt(0) == '"') {
      return inFields(field -> words.createPhraseQuery(field, token.substring(1)));
    }
    if (token.length() > 1 && token.endsWith("*")) {
      return prefix(token.substring(0, token.length() - 1));
    }
    return inFields(field -> words.createBooleanQuery(field, token));
  }

  /** The beginning of a word, as the analyzer writes letters. */
  private Optional<Query> prefix(String beginning) {
    return inFields(
        field -> {
          String normal = words.getAnalyzer().normalize(field, beginning).utf8ToString();
          return normal.isEmpty() ? null : new PrefixQuery(new Term(field, normal));
        });
  }

  private interface InField {
    Query query(String field);
  }

  private Optional<Query> inFields(InField in) {
    BooleanQuery.Builder any = new BooleanQuery.Builder();
    int clauses = 0;
    for (String field : fields) {
      Query query = in.query(field);
      if (query != null) {
        any.add(query, Occur.SHOULD);
        clauses++;
      }
    }
    return clauses == 0 ? Optional.empty() : Optional.of(any.build());
  }
}
