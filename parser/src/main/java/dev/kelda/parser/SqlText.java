package dev.kelda.parser;

import static java.util.Objects.requireNonNull;

import dev.kelda.parser.grammar.Grammar;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** SQL text to {@link Statement}. */
public final class SqlText {
  /** The longest text, in characters. */
  public static final int MAX_LENGTH = 1 << 20;

  private static final int FEW_TOKENS = 2_000;
  private static final long LARGE_STACK = 1L << 29;

  private SqlText() {}

  /**
   * Parses exactly one statement; a trailing semicolon is allowed.
   *
   * @throws KeldaException SYNTAX_ERROR with position and hint, NOT_SUPPORTED, or
   *     STATEMENT_TOO_COMPLEX
   */
  public static Statement parse(String sql) {
    return parse(sql, Map.of());
  }

  /**
   * As {@link #parse(String)}, with constants in the places of some {@code ?}.
   *
   * @param constants by the index of the parameter, from 0; the others keep theirs
   */
  public static Statement parse(String sql, Map<Integer, Scalar> constants) {
    requireNonNull(sql, "sql is null");
    if (sql.length() > MAX_LENGTH) {
      throw tooComplex(
          "the statement has " + sql.length() + " characters; at most " + MAX_LENGTH + " are read");
    }
    SqlScanner.scan(sql).requireClosed();
    Grammar grammar = Grammar.read(sql, constants);
    return grammar.tokenCount() <= FEW_TOKENS ? parse(grammar) : parseWithLargeStack(grammar);
  }

  /** The number of {@code ?}s in a statement that parses. */
  public static int parameterCount(String sql) {
    return Grammar.read(sql, Map.of()).parameterCount();
  }

  /** The statements of a script, in order, without their semicolons; empty ones are left out. */
  public static List<String> split(String script) {
    SqlScanner scanner = SqlScanner.scan(requireNonNull(script, "script is null"));
    List<String> statements = new ArrayList<>(scanner.ended());
    scanner.rest().ifPresent(statements::add);
    return List.copyOf(statements);
  }

  /**
   * Whether a console may send the text: nothing but spaces and comments follows the last
   * semicolon, and no string, quoted name or comment is open. Blank text is not complete.
   */
  public static boolean isComplete(String text) {
    SqlScanner scanner = SqlScanner.scan(requireNonNull(text, "text is null"));
    return scanner.unclosed().isEmpty() && scanner.rest().isEmpty() && !scanner.ended().isEmpty();
  }

  private static Statement parse(Grammar grammar) {
    try {
      return shallow(grammar.parse());
    } catch (StackOverflowError e) {
      throw tooComplex("the statement is nested too deeply");
    }
  }

  /** The grammar recurses; a long statement gets a stack that fits. */
  private static Statement parseWithLargeStack(Grammar grammar) {
    CompletableFuture<Statement> result = new CompletableFuture<>();
    Thread thread =
        new Thread(
            null,
            () -> {
              try {
                result.complete(parse(grammar));
              } catch (Throwable e) {
                result.completeExceptionally(e);
              }
            },
            "kelda-parse",
            LARGE_STACK);
    thread.setDaemon(true);
    thread.start();
    try {
      return result.join();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case KeldaException known -> throw known;
        case Error error -> throw error;
        default -> throw new IllegalStateException(e.getCause());
      }
    }
  }

  private static Statement shallow(Statement statement) {
    return switch (statement) {
      case Statement.Query s ->
          new Statement.Query(TreeShape.shallow(s.query()), s.parameterCount());
      case Statement.DescribeQuery s ->
          new Statement.DescribeQuery(TreeShape.shallow(s.query()), s.parameterCount());
      case Statement.Insert s ->
          new Statement.Insert(
              s.target(),
              s.branch(),
              s.columns(),
              TreeShape.shallow(s.source()),
              s.parameterCount());
      case Statement.CreateTableAs s ->
          new Statement.CreateTableAs(
              s.name(),
              TreeShape.shallow(s.query()),
              s.layout(),
              s.ifNotExists(),
              s.orReplace(),
              s.properties(),
              s.parameterCount());
      case Statement.CreateView s ->
          new Statement.CreateView(
              s.name(),
              s.columns(),
              TreeShape.shallow(s.query()),
              s.sql(),
              s.comment(),
              s.ifNotExists(),
              s.orReplace());
      case Statement.InsertOverwrite s ->
          new Statement.InsertOverwrite(
              s.target(), s.columns(), TreeShape.shallow(s.source()), s.parameterCount());
      case Statement.Change s -> s.map(TreeShape::shallow);
      case Statement.CopyTo s ->
          new Statement.CopyTo(
              TreeShape.shallow(s.query()),
              s.path(),
              s.position(),
              s.options(),
              s.parameterCount());
      case Statement.CopyFrom s -> s;
      case Statement.Truncate s -> s;
      case Statement.Analyze s -> s;
      case Statement.Explain s ->
          new Statement.Explain(shallow(s.statement()), s.analyze(), s.format());
      case Statement.CreateSchema s -> s;
      case Statement.DropSchema s -> s;
      case Statement.CreateTable s -> s;
      case Statement.DropTable s -> s;
      case Statement.AlterTable s -> s;
      case Statement.RenameTable s -> s;
      case Statement.DropView s -> s;
      case Statement.Comment s -> s;
      case Statement.Call s -> s;
      case Statement.Show s -> s;
      case Statement.ShowOption s -> s;
      case Statement.Describe s -> s;
      case Statement.SetOption s -> s;
      case Statement.ResetOption s -> s;
      case Statement.Use s -> s;
      case Statement.CancelQuery s -> s;
      case Statement.Attach s -> s;
      case Statement.Detach s -> s;
      case Statement.Extension s -> s.mapQueries(TreeShape::shallow);
    };
  }

  private static KeldaException tooComplex(String message) {
    return new KeldaException(ErrorCode.STATEMENT_TOO_COMPLEX, message, new TextPosition(1, 1));
  }
}
