package dev.kelda.sql;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs one file over one connection and collects what differs. */
final class SltRun {
  private final SltFile file;
  private final SltConnection connection;
  private final Map<String, String> variables;

  /**
   * @param variables replaced in SQL and results: {@code ${SCRATCH}} and the like
   */
  SltRun(SltFile file, SltConnection connection, Map<String, String> variables) {
    this.file = file;
    this.connection = connection;
    this.variables = Map.copyOf(variables);
  }

  /** A paragraph for each record that does not do what the file says. */
  List<String> differences() {
    List<String> differences = new ArrayList<>();
    for (SltFile.Record record : file.records()) {
      difference(record)
          .ifPresent(text -> differences.add(file.path() + ":" + record.line() + ": " + text));
    }
    return differences;
  }

  private java.util.Optional<String> difference(SltFile.Record record) {
    if (record.kind() == SltFile.Kind.COMMENT) {
      return java.util.Optional.empty();
    }
    List<String> rows;
    try {
      rows = rows(record);
    } catch (SltConnection.SltError e) {
      String message = mask(e.getMessage());
      boolean expected = record.error().filter(message::contains).isPresent();
      return expected
          ? java.util.Optional.empty()
          : java.util.Optional.of(
              "failed with\n  "
                  + message
                  + record.error().map(part -> "\nexpected\n  " + part).orElse("")
                  + sql(record));
    }
    if (record.kind() == SltFile.Kind.ERROR) {
      return java.util.Optional.of("did not fail with " + record.argument() + sql(record));
    }
    return record.kind() == SltFile.Kind.OK || rows.equals(record.expected())
        ? java.util.Optional.empty()
        : java.util.Optional.of(
            "gave\n  "
                + String.join("\n  ", rows)
                + "\nexpected\n  "
                + String.join("\n  ", record.expected())
                + sql(record));
  }

  private static String sql(SltFile.Record record) {
    return "\nfor\n  " + record.sql().replace("\n", "\n  ");
  }

  private List<String> rows(SltFile.Record record) throws SltConnection.SltError {
    List<String> rows =
        new ArrayList<>(connection.run(replace(record.sql())).stream().map(this::mask).toList());
    if (record.sorted()) {
      rows.sort(null);
    }
    return rows;
  }

  private String replace(String text) {
    String replaced = text;
    for (Map.Entry<String, String> variable : variables.entrySet()) {
      replaced = replaced.replace("${" + variable.getKey() + "}", variable.getValue());
    }
    return replaced;
  }

  private String mask(String text) {
    String masked = text;
    for (Map.Entry<String, String> variable : variables.entrySet()) {
      masked = masked.replace(variable.getValue(), "${" + variable.getKey() + "}");
    }
    return masked;
  }

  /** Writes the file anew with the results of this run as the expected ones. */
  void complete() throws IOException {
    List<String> lines = new ArrayList<>();
    for (SltFile.Record record : file.records()) {
      if (!lines.isEmpty()) {
        lines.add("");
      }
      if (record.kind() == SltFile.Kind.COMMENT) {
        lines.addAll(record.head());
        continue;
      }
      lines.addAll(record.head().subList(0, record.head().size() - 1));
      try {
        List<String> rows = rows(record);
        lines.add(
            record.kind() == SltFile.Kind.QUERY
                ? "query" + (record.sorted() ? " rowsort" : "")
                : "statement ok");
        lines.addAll(record.sql().lines().toList());
        if (record.kind() == SltFile.Kind.QUERY) {
          lines.add("----");
          lines.addAll(rows);
        }
      } catch (SltConnection.SltError e) {
        lines.add("statement error " + mask(e.getMessage()).lines().findFirst().orElse(""));
        lines.addAll(record.sql().lines().toList());
      }
    }
    Files.write(file.path(), lines);
  }
}
