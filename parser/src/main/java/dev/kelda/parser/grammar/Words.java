package dev.kelda.parser.grammar;

import static dev.kelda.parser.grammar.KeldaParserImplConstants.*;

import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The tokens of one statement and, walking from left to right, what is open around the current one.
 * {@link KeywordRules} asks it; {@link TokenSource} moves it. Kinds to the left are decided, kinds
 * to the right are as the lexer gave them.
 */
final class Words {
  private static final Map<String, Integer> KIND_BY_WORD =
      IntStream.range(0, tokenImage.length)
          .filter(kind -> tokenImage[kind].matches("\"[A-Za-z_][A-Za-z_0-9]*\""))
          .boxed()
          .collect(
              Collectors.toMap(
                  kind -> tokenImage[kind].substring(1, tokenImage[kind].length() - 1),
                  Function.identity(),
                  (first, second) -> first));

  private static final BitSet WORDS =
      kinds(KIND_BY_WORD.values().stream().mapToInt(Integer::intValue).toArray());

  /** Clauses within FROM. */
  private static final BitSet FROM_LIST = kinds(JOIN, ON, USING);

  private final List<Token> tokens;
  private final int[] closing;
  private final Set<Integer> intervalUnits = new HashSet<>();
  private final Deque<Group> open = new ArrayDeque<>();
  private final int start;
  private int at;
  private boolean inQuery;

  /** What a parenthesis (or the whole statement) has open. */
  private static final class Group {
    final int opener;
    final boolean window;
    int cases;
    boolean windowClause;
    boolean matchCondition;
    boolean from;

    Group(int opener, boolean window) {
      this.opener = opener;
      this.window = window;
    }
  }

  Words(List<Token> tokens) {
    this.tokens = tokens;
    this.closing = closings(tokens);
    open.push(new Group(EOF, false));
    this.start = afterExplain();
  }

  static BitSet kinds(int... kinds) {
    BitSet set = new BitSet(tokenImage.length);
    for (int kind : kinds) {
      set.set(kind);
    }
    return set;
  }

  static boolean isWord(int kind) {
    return WORDS.get(kind);
  }

  /** The keyword of this text, whatever its case; EOF when it is none. */
  static int kindOf(String word) {
    return KIND_BY_WORD.getOrDefault(word.toUpperCase(Locale.ROOT), EOF);
  }

  Token token() {
    return tokens.get(at);
  }

  int kind(int offset) {
    return at + offset < 0 || at + offset >= tokens.size() ? EOF : tokens.get(at + offset).kind;
  }

  int next() {
    return kind(1);
  }

  int previous() {
    return kind(-1);
  }

  boolean nextIs(int... kinds) {
    return contains(kinds, next());
  }

  boolean previousIs(int... kinds) {
    return contains(kinds, previous());
  }

  private static boolean contains(int[] kinds, int wanted) {
    for (int kind : kinds) {
      if (kind == wanted) {
        return true;
      }
    }
    return false;
  }

  /** The current token is the verb of the statement, EXPLAIN's prefix aside. */
  boolean isVerb() {
    return at == 0 || at == start;
  }

  /** The current token says what CREATE, DROP, … is about. */
  boolean afterVerb(int... verbs) {
    int verb = tokens.get(start).kind;
    boolean replaces = previous() == REPLACE && kind(-2) == OR && at == start + 3;
    return contains(verbs, verb) && (at == start + 1 || verb == CREATE && replaces);
  }

  /** The statement is a CREATE, DROP, … of that kind. */
  boolean isStatementAbout(int kind) {
    int what = start + (kindAt(start + 1) == OR ? 3 : 1);
    return open.size() == 1 && kindAt(what) == kind;
  }

  /** The current token stands in a clause of a CREATE of that kind, before its query. */
  boolean isClauseOf(int kind) {
    return !inQuery && verb() == CREATE && isStatementAbout(kind);
  }

  private int kindAt(int index) {
    return index < tokens.size() ? tokens.get(index).kind : EOF;
  }

  /** MODEL in {@code f(TABLE t, MODEL m)}: two words side by side inside a function's arguments. */
  boolean isModelArgument() {
    boolean name =
        isNameLike(next()) && !KeywordRules.RESERVED.get(next()) && next() != DESC && next() != ASC;
    int function = opener();
    return name
        && inQuery
        && previousIs(LPAREN, COMMA, NAMED_ARGUMENT_ASSIGNMENT)
        && (function == IDENTIFIER || function == QUOTED_IDENTIFIER)
        && (kind(2) == COMMA || kind(2) == RPAREN || kind(2) == DOT);
  }

  /** The kind of the verb of the statement, EXPLAIN's prefix aside. */
  int verb() {
    return start < tokens.size() ? tokens.get(start).kind : EOF;
  }

  boolean inWindow() {
    return open.peek().window;
  }

  boolean inCase() {
    return open.peek().cases > 0;
  }

  boolean afterMatchCondition() {
    return open.peek().matchCondition;
  }

  /** Relations stand here, not values. */
  boolean inFrom() {
    return open.peek().from;
  }

  private static boolean opensRelation(int before) {
    return before == FROM || before == JOIN || before == COMMA || before == LPAREN;
  }

  /** The kind before the innermost open parenthesis. */
  int opener() {
    return open.peek().opener;
  }

  boolean isIntervalUnit() {
    return intervalUnits.contains(at);
  }

  /** The next token opens a parenthesis that holds this kind at its own level. */
  boolean argumentsHold(int kind) {
    if (next() != LPAREN) {
      return false;
    }
    int end = closing[at + 1];
    for (int i = at + 2; i < end; i++) {
      int here = tokens.get(i).kind;
      if (here == kind) {
        return true;
      }
      if (here == LPAREN || here == LBRACKET) {
        i = Math.max(i, closing[i]);
      }
    }
    return false;
  }

  /** The next token opens a parenthesis with nothing but names between commas. */
  boolean opensNames() {
    int i = at + 2;
    while (isNameLike(kindAt(i)) && !KeywordRules.RESERVED.get(kindAt(i))) {
      if (kindAt(i + 1) != COMMA) {
        return kindAt(i + 1) == RPAREN;
      }
      i += 2;
    }
    return false;
  }

  /** Whether INTERVAL, the current token, has a value or a unit; remembers where its units are. */
  boolean startsInterval() {
    int i = at + 1;
    boolean signed = kind(1) == PLUS || kind(1) == MINUS;
    if (signed) {
      i++;
    }
    boolean text = i < tokens.size() && tokens.get(i).kind == QUOTED_STRING;
    int unit = isUnit(i) ? i : afterValue(i);
    if (!isUnit(unit)) {
      return text;
    }
    intervalUnits.add(unit);
    int to = unit + 1;
    if (to < tokens.size() && tokens.get(to).kind == LPAREN) {
      to = closing[to] + 1;
    }
    if (to < tokens.size() && tokens.get(to).kind == TO && isUnit(to + 1)) {
      intervalUnits.add(to + 1);
    }
    return true;
  }

  private int afterValue(int from) {
    int i = from;
    int first = i < tokens.size() ? tokens.get(i).kind : EOF;
    if (first == LPAREN) {
      return closing[i] + 1;
    }
    i++;
    while (isNameLike(first) && i + 1 < tokens.size() && tokens.get(i).kind == DOT) {
      i += 2;
    }
    return i;
  }

  private static boolean isNameLike(int kind) {
    return kind == IDENTIFIER || kind == QUOTED_IDENTIFIER || isWord(kind);
  }

  private boolean isUnit(int index) {
    return index < tokens.size() && KeywordRules.UNITS.get(tokens.get(index).kind);
  }

  /** Takes note of the current token, whose kind is decided, and goes on to the next one. */
  boolean advance() {
    Group group = open.peek();
    int kind = token().kind;
    inQuery |= Tokens.isQueryWord(kind);
    if (kind == LPAREN) {
      boolean window = previous() == OVER || previous() == AS && group.windowClause;
      Group inner = new Group(previous(), window);
      inner.from = group.from && opensRelation(previous());
      open.push(inner);
    } else if (kind == RPAREN) {
      if (open.size() > 1) {
        open.pop();
      }
    } else if (kind == CASE) {
      group.cases++;
    } else if (kind == END) {
      group.cases--;
    } else if (kind == WINDOW) {
      group.windowClause = true;
    } else if (kind == MATCH_CONDITION) {
      group.matchCondition = true;
    } else if (KeywordRules.CLAUSES.get(kind)) {
      group.from = FROM_LIST.get(kind) && group.from || kind == FROM;
      group.windowClause = false;
      group.matchCondition = false;
    }
    at++;
    return at < tokens.size();
  }

  private int afterExplain() {
    if (tokens.isEmpty() || tokens.getFirst().kind != EXPLAIN) {
      return 0;
    }
    int i = 1;
    if (kind(i) == ANALYZE) {
      i++;
    }
    if (kind(i) == LPAREN && (kind(i + 1) == ANALYZE || kind(i + 1) == FORMAT)) {
      i = closing[i] + 1;
    }
    return kind(i) == PLAN && kind(i + 1) == FOR ? i + 2 : i;
  }

  private static int[] closings(List<Token> tokens) {
    int[] closing = new int[tokens.size()];
    Deque<Integer> opened = new ArrayDeque<>();
    for (int i = 0; i < closing.length; i++) {
      int kind = tokens.get(i).kind;
      closing[i] = closing.length;
      if (kind == LPAREN || kind == LBRACKET) {
        opened.push(i);
      } else if ((kind == RPAREN || kind == RBRACKET) && !opened.isEmpty()) {
        closing[opened.pop()] = i;
      }
    }
    return closing;
  }
}
