package dev.kelda.planner.function;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The parameters and the result of a function, read from {@code (a T, b bigint?, more T...) -> T}:
 * {@code ?} marks parameters that may be left out at the end, {@code ...} one that may be repeated
 * or absent.
 */
public record Signature(String text, List<Parameter> parameters, String result) {

  /** One parameter; {@code type} is a {@link TypePattern}'s text. */
  public record Parameter(String name, String type, boolean optional, boolean variadic) {}

  public Signature {
    requireNonNull(text, "text is null");
    parameters = List.copyOf(parameters);
    requireNonNull(result, "result is null");
  }

  @Override
  public String toString() {
    return text;
  }

  int min() {
    return (int) parameters.stream().filter(p -> !p.optional() && !p.variadic()).count();
  }

  /** -1 = no bound. */
  int max() {
    return variadic() ? -1 : parameters.size();
  }

  boolean accepts(int count) {
    return count >= min() && (variadic() || count <= parameters.size());
  }

  Parameter parameter(int ordinal) {
    return parameters.get(Math.min(ordinal, parameters.size() - 1));
  }

  TypePattern pattern(int ordinal) {
    return TypePattern.parse(parameter(ordinal).type());
  }

  TypePattern resultPattern() {
    return TypePattern.parse(result);
  }

  /** {@code NAME(string VARCHAR, ...)} for error messages. */
  String describe(String name) {
    return parameters.stream()
        .map(p -> p.name() + " " + p.type() + (p.variadic() ? "..." : p.optional() ? "?" : ""))
        .collect(Collectors.joining(", ", name + "(", ")"));
  }

  private boolean variadic() {
    return !parameters.isEmpty() && parameters.getLast().variadic();
  }

  static Signature parse(String text) {
    int arrow = text.lastIndexOf("->");
    int close = text.lastIndexOf(')', arrow);
    if (!text.startsWith("(") || arrow < 0 || close < 0) {
      throw new IllegalArgumentException("not a signature: " + text);
    }
    List<Parameter> parameters = new ArrayList<>();
    String inner = text.substring(1, close).strip();
    for (String part : inner.isEmpty() ? new String[0] : inner.split(",")) {
      String[] words = part.strip().split("\\s+");
      if (words.length != 2) {
        throw new IllegalArgumentException("not a parameter: '" + part + "' in " + text);
      }
      boolean variadic = words[1].endsWith("...");
      boolean optional = words[1].endsWith("?");
      String type = words[1].replaceAll("(\\.\\.\\.|\\?)$", "");
      TypePattern.parse(type);
      parameters.add(new Parameter(words[0], type, optional, variadic));
    }
    String result = text.substring(arrow + 2).strip();
    TypePattern.parse(result);
    return new Signature(text, parameters, result);
  }
}
