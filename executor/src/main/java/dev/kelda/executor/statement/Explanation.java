package dev.kelda.executor.statement;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.proto.QueryMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * A plan in both halves, and after a run what each operator did.
 *
 * @param operators DataFusion's, pre-order
 */
record Explanation(String logical, List<Operator> operators, Optional<Totals> totals) {

  /** One physical operator; the figures only after a run. */
  record Operator(int depth, String description, Optional<QueryMetrics.Operator> figures) {}

  /** The whole run. */
  record Totals(long rows, long planningNanos, long nanos, long memoryBytes, long spilledBytes) {}

  Explanation {
    requireNonNull(logical, "logical is null");
    operators = List.copyOf(operators);
    requireNonNull(totals, "totals is null");
  }

  /**
   * @param physical one operator a line, two blanks per level
   */
  static Explanation planned(String logical, String physical) {
    List<Operator> operators =
        physical
            .lines()
            .filter(line -> !line.isBlank())
            .map(
                line -> {
                  int indent = line.length() - line.stripLeading().length();
                  return new Operator(indent / 2, line.strip(), Optional.empty());
                })
            .toList();
    return new Explanation(logical, operators, Optional.empty());
  }

  /**
   * @param planningNanos from the syntax tree to the protobuf, in Java
   * @param nanos of the execution, DataFusion's planning included
   */
  static Explanation analyzed(
      String logical, QueryMetrics metrics, long rows, long planningNanos, long nanos) {
    List<Operator> operators =
        metrics.getOperatorsList().stream()
            .map(o -> new Operator(o.getDepth(), o.getDescription(), Optional.of(o)))
            .toList();
    return new Explanation(
        logical,
        operators,
        Optional.of(
            new Totals(
                rows,
                planningNanos,
                nanos,
                metrics.getMemoryPeakBytes(),
                metrics.getSpilledBytes())));
  }

  List<String> text() {
    List<String> lines = new ArrayList<>();
    lines.add("Logical plan (Calcite)");
    logical.lines().filter(line -> !line.isBlank()).forEach(line -> lines.add("  " + line));
    lines.add("Physical plan (DataFusion)");
    for (Operator operator : operators) {
      lines.add("  ".repeat(operator.depth() + 1) + operator.description());
      operator
          .figures()
          .ifPresent(f -> lines.add("  ".repeat(operator.depth() + 1) + "  [" + figures(f) + "]"));
    }
    totals.ifPresent(
        t ->
            lines.add(
                "Total: %d rows in %s, planned in %s, peak memory %d bytes, spilled %d bytes"
                    .formatted(
                        t.rows,
                        millis(t.nanos),
                        millis(t.planningNanos),
                        t.memoryBytes,
                        t.spilledBytes)));
    return lines;
  }

  /** One document in one row. */
  List<String> json() {
    StringBuilder json = new StringBuilder("{\"logical\":");
    json.append(array(logical.lines().filter(l -> !l.isBlank()).toList(), Explanation::quote));
    json.append(",\"physical\":").append(array(operators, Explanation::json));
    totals.ifPresent(
        t ->
            json.append(
                ",\"rows\":%d,\"nanos\":%d,\"planning_nanos\":%d,\"memory_peak_bytes\":%d,\"spilled_bytes\":%d"
                    .formatted(t.rows, t.nanos, t.planningNanos, t.memoryBytes, t.spilledBytes)));
    return List.of(json.append('}').toString());
  }

  /** The last line of a run that no operators measured. */
  static String total(long rows, long planningNanos, long nanos) {
    return "Total: %d rows in %s, planned in %s"
        .formatted(rows, millis(nanos), millis(planningNanos));
  }

  /** Lines of a statement without operators as one document. */
  static List<String> json(List<String> lines) {
    return List.of("{\"statement\":" + array(lines, Explanation::quote) + "}");
  }

  private static String figures(QueryMetrics.Operator f) {
    StringBuilder text = new StringBuilder();
    append(text, "rows", f.getRows(), String::valueOf);
    append(text, "bytes", f.getBytes(), String::valueOf);
    append(text, "time", f.getNanos(), Explanation::millis);
    new TreeMap<>(f.getDetailsMap())
        .forEach((name, value) -> append(text, name, value == 0 ? -1 : value, String::valueOf));
    return text.toString();
  }

  private static void append(
      StringBuilder text, String name, long value, Function<Long, String> print) {
    if (value >= 0) {
      text.append(text.isEmpty() ? "" : ", ").append(name).append('=').append(print.apply(value));
    }
  }

  private static String millis(long nanos) {
    return "%.3fms".formatted(nanos / 1e6);
  }

  private static String json(Operator operator) {
    StringBuilder json = new StringBuilder("{\"depth\":").append(operator.depth());
    json.append(",\"operator\":").append(quote(operator.description()));
    operator
        .figures()
        .ifPresent(
            f -> {
              json.append(",\"rows\":").append(f.getRows());
              json.append(",\"bytes\":").append(f.getBytes());
              json.append(",\"nanos\":").append(f.getNanos());
              new TreeMap<>(f.getDetailsMap())
                  .forEach(
                      (name, value) ->
                          json.append(',').append(quote(name)).append(':').append(value));
            });
    return json.append('}').toString();
  }

  private static <T> String array(List<T> values, Function<T, String> print) {
    return "[" + String.join(",", values.stream().map(print).toList()) + "]";
  }

  private static String quote(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      switch (c) {
        case '"' -> json.append("\\\"");
        case '\\' -> json.append("\\\\");
        case '\n' -> json.append("\\n");
        case '\t' -> json.append("\\t");
        default -> json.append(c < ' ' ? "\\u%04x".formatted((int) c) : String.valueOf(c));
      }
    }
    return json.append('"').toString();
  }
}
