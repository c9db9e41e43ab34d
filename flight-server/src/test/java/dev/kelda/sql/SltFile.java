package dev.kelda.sql;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A test file: records separated by empty lines.
 *
 * <pre>
 * # comment
 * statement ok
 * CREATE TABLE t (a INTEGER)
 *
 * statement error COLUMN_NOT_FOUND: no column "b"        (a part of the message)
 * SELECT b FROM t
 *
 * query [rowsort]                                        (cells separated by tabs; NULL; (empty))
 * SELECT a FROM t
 * ----
 * 1
 * </pre>
 */
record SltFile(Path path, List<Record> records) {
  /**
   * @param head the lines before the SQL: comments and the directive
   * @param line of the directive, from 1
   */
  record Record(
      List<String> head, int line, Kind kind, String argument, String sql, List<String> expected) {
    Optional<String> error() {
      return kind == Kind.ERROR ? Optional.of(argument) : Optional.empty();
    }

    boolean sorted() {
      return argument.equals("rowsort");
    }
  }

  enum Kind {
    OK,
    ERROR,
    QUERY,
    COMMENT
  }

  static SltFile read(Path path) throws IOException {
    List<Record> records = new ArrayList<>();
    List<String> block = new ArrayList<>();
    int number = 0;
    for (String line : Files.readAllLines(path)) {
      number++;
      if (!line.isEmpty()) {
        block.add(line);
      } else if (!block.isEmpty()) {
        records.add(record(path, block, number - block.size()));
        block = new ArrayList<>();
      }
    }
    if (!block.isEmpty()) {
      records.add(record(path, block, number - block.size() + 1));
    }
    return new SltFile(path, records);
  }

  private static Record record(Path path, List<String> block, int first) {
    int directive = 0;
    while (directive < block.size() && block.get(directive).startsWith("#")) {
      directive++;
    }
    List<String> head = block.subList(0, Math.min(directive + 1, block.size()));
    if (directive == block.size()) {
      return new Record(block, first, Kind.COMMENT, "", "", List.of());
    }
    List<String> body = block.subList(directive + 1, block.size());
    String[] words = block.get(directive).split(" ", 3);
    String kind =
        words[0] + (words.length > 1 && words[0].equals("statement") ? " " + words[1] : "");
    int line = first + directive;
    return switch (kind) {
      case "statement ok" ->
          new Record(head, line, Kind.OK, "", String.join("\n", body), List.of());
      case "statement error" ->
          new Record(
              head,
              line,
              Kind.ERROR,
              words.length > 2 ? words[2] : "",
              String.join("\n", body),
              List.of());
      case "query" -> {
        int results = body.indexOf("----");
        int end = results < 0 ? body.size() : results;
        String argument = words.length > 1 ? words[1] : "";
        yield new Record(
            head,
            line,
            Kind.QUERY,
            argument,
            String.join("\n", body.subList(0, end)),
            List.copyOf(body.subList(Math.min(end + 1, body.size()), body.size())));
      }
      default ->
          throw new IllegalArgumentException(
              path + ":" + line + ": not a directive: " + block.get(directive));
    };
  }
}
