package dev.kelda.cli.sql;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;

/** Keywords, functions, tables and columns; asked for once, and again after a change. */
final class SqlCompleter implements Completer {
  private static final List<String> KEYWORDS =
      List.of(
          "SELECT",
          "FROM",
          "WHERE",
          "GROUP BY",
          "ORDER BY",
          "HAVING",
          "QUALIFY",
          "LIMIT",
          "OFFSET",
          "JOIN",
          "LEFT JOIN",
          "ASOF JOIN",
          "LEFT ASOF JOIN",
          "MATCH_CONDITION",
          "TOLERANCE",
          "ON",
          "USING",
          "UNION ALL",
          "INTERSECT",
          "EXCEPT",
          "WITH",
          "AS",
          "CASE",
          "WHEN",
          "THEN",
          "ELSE",
          "END",
          "DISTINCT",
          "INSERT INTO",
          "VALUES",
          "CREATE TABLE",
          "CREATE SCHEMA",
          "DROP TABLE",
          "DROP SCHEMA",
          "IF EXISTS",
          "IF NOT EXISTS",
          "EXPLAIN",
          "EXPLAIN ANALYZE",
          "SHOW TABLES",
          "SHOW SCHEMAS",
          "SHOW CATALOGS",
          "SHOW FUNCTIONS",
          "DESCRIBE",
          "SET",
          "RESET",
          "USE",
          "BETWEEN",
          "LIKE",
          "ILIKE",
          "IS NULL",
          "IS NOT NULL",
          "AND",
          "OR",
          "NOT",
          "IN",
          "EXISTS",
          "CAST",
          "INTERVAL",
          "OVER",
          "PARTITION BY",
          "ASC",
          "DESC",
          "NULLS FIRST",
          "NULLS LAST");
  private static final List<String> SOURCES =
      List.of(
          "SELECT DISTINCT name FROM system.main.functions",
          "SELECT DISTINCT table_name FROM information_schema.tables",
          "SELECT DISTINCT column_name FROM information_schema.columns");

  private final SqlClient client;
  private Optional<List<String>> names = Optional.empty();

  SqlCompleter(SqlClient client) {
    this.client = requireNonNull(client, "client is null");
  }

  /** Forgets names that the statement may have changed. */
  void refreshAfter(String statement) {
    String start = statement.toUpperCase(Locale.ROOT);
    if (start.startsWith("CREATE") || start.startsWith("DROP") || start.startsWith("USE")) {
      names = Optional.empty();
    }
  }

  @Override
  public void complete(LineReader reader, ParsedLine line, List<Candidate> candidates) {
    String word = line.word().substring(0, line.wordCursor());
    boolean lower = word.equals(word.toLowerCase(Locale.ROOT)) && !word.isEmpty();
    for (String keyword : KEYWORDS) {
      candidates.add(new Candidate(lower ? keyword.toLowerCase(Locale.ROOT) : keyword));
    }
    names().forEach(name -> candidates.add(new Candidate(name)));
  }

  private List<String> names() {
    if (names.isEmpty()) {
      List<String> found = new ArrayList<>();
      for (String source : SOURCES) {
        try {
          found.addAll(client.names(source));
        } catch (KeldaException e) {
          // completion is a help, not a promise
        }
      }
      names = Optional.of(found);
    }
    return names.get();
  }
}
