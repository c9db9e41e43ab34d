package dev.kelda.cli.sql;

import static java.util.Objects.requireNonNull;

import dev.kelda.cli.format.Layout;
import dev.kelda.cli.format.OutputFormat;
import dev.kelda.cli.format.Rows;
import dev.kelda.parser.SqlText;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.jline.reader.EOFError;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.ParsedLine;
import org.jline.reader.Parser;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.DefaultParser;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/** Statements typed by a person: several lines until a semicolon, history, completion. */
public final class SqlConsole {
  private static final int ROWS = 40;
  private static final String HELP =
      """
      \\d [table]   tables, or the columns of one      \\timing   show times on/off
      \\dt          tables                             \\x        a line per value on/off
      \\q           leave (also Ctrl-D)                \\?        this help
      A statement ends with a semicolon. Ctrl-C stops the running one.
      """;

  private final SqlClient client;
  private final OutputFormat format;
  private final int maxRows;
  private boolean timing = true;
  private boolean vertical;

  public SqlConsole(SqlClient client, OutputFormat format, Optional<Integer> maxRows) {
    this.client = requireNonNull(client, "client is null");
    this.format = requireNonNull(format, "format is null");
    this.maxRows = maxRows.orElse(ROWS);
  }

  /** Until the person leaves; the exit code. */
  public int run() throws IOException {
    try (Terminal terminal = TerminalBuilder.builder().name("kelda").build()) {
      SqlCompleter completer = new SqlCompleter(client);
      LineReader reader =
          LineReaderBuilder.builder()
              .terminal(terminal)
              .appName("kelda")
              .parser(new StatementParser())
              .completer(completer)
              .variable(LineReader.SECONDARY_PROMPT_PATTERN, "%P   -> ")
              .variable(
                  LineReader.HISTORY_FILE,
                  Path.of(System.getProperty("user.home"), ".kelda_history"))
              .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
              .option(LineReader.Option.CASE_INSENSITIVE, true)
              .build();
      terminal.writer().println(client.greeting() + "; \\? for help");
      while (true) {
        try {
          String input = reader.readLine("kelda> ").strip();
          if (input.equals("\\q")) {
            return 0;
          }
          if (!input.isEmpty()) {
            execute(terminal, input);
            completer.refreshAfter(input);
          }
        } catch (UserInterruptException e) {
          // the line is thrown away
        } catch (EndOfFileException e) {
          return 0;
        }
      }
    }
  }

  private void execute(Terminal terminal, String input) throws IOException {
    if (!input.startsWith("\\")) {
      for (String sql : SqlText.split(input)) {
        show(terminal, sql);
      }
      return;
    }
    String[] words = input.split("\\s+", 2);
    switch (words[0].toLowerCase(Locale.ROOT)) {
      case "\\?" -> terminal.writer().print(HELP);
      case "\\timing" -> {
        timing = !timing;
        terminal.writer().println("timing " + (timing ? "on" : "off"));
      }
      case "\\x" -> {
        vertical = !vertical;
        terminal.writer().println("a line per value " + (vertical ? "on" : "off"));
      }
      case "\\dt" -> show(terminal, "SHOW TABLES");
      case "\\d" -> show(terminal, words.length == 1 ? "SHOW TABLES" : "DESCRIBE " + words[1]);
      default -> terminal.writer().println("no command " + words[0] + "; \\? lists them");
    }
    terminal.flush();
  }

  private void show(Terminal terminal, String sql) throws IOException {
    Terminal.SignalHandler before = terminal.handle(Terminal.Signal.INT, signal -> client.cancel());
    long start = System.nanoTime();
    int width = terminal.getWidth() > 0 ? terminal.getWidth() : 80;
    try (Rows rows = client.run(sql)) {
      format.writer(new Layout(width, maxRows, vertical)).write(rows, terminal.output());
      if (timing) {
        terminal.writer().println("%.3f s".formatted((System.nanoTime() - start) / 1e9));
      }
    } catch (KeldaException e) {
      terminal.writer().println(ErrorText.of(e, sql));
    } finally {
      terminal.handle(Terminal.Signal.INT, before);
      terminal.flush();
    }
  }

  /** Asks for more lines until a semicolon ends the statement; a backslash command is one line. */
  private static final class StatementParser implements Parser {
    private final DefaultParser words = new DefaultParser().escapeChars(null).quoteChars(null);

    @Override
    public ParsedLine parse(String line, int cursor, ParseContext context) {
      boolean done = line.isBlank() || line.strip().startsWith("\\") || SqlText.isComplete(line);
      if (context == ParseContext.ACCEPT_LINE && !done) {
        throw new EOFError(-1, -1, "a semicolon is missing");
      }
      return words.parse(line, cursor, context);
    }
  }
}
