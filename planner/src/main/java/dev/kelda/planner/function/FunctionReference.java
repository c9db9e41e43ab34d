package dev.kelda.planner.function;

import dev.kelda.planner.function.FunctionInfo.Kind;
import dev.kelda.planner.function.FunctionInfo.TestVector;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes {@code docs/reference/functions.md} from the registry. */
public final class FunctionReference {
  private FunctionReference() {}

  /** The whole page; ends with a line break. */
  public static String markdown(List<FunctionInfo> functions) {
    Map<String, List<FunctionInfo>> byCategory =
        functions.stream()
            .collect(
                Collectors.groupingBy(
                    FunctionInfo::category, LinkedHashMap::new, Collectors.toList()));
    StringBuilder page = new StringBuilder();
    page.append("# Functions\n\n");
    page.append("Generated from `planner/src/main/resources/kelda/functions.yaml`. ");
    page.append(counts(functions)).append("\n\n");
    page.append(
        """
        Names match whatever their case. In a signature `?` marks an argument that may be left out,
        `...` one that may be repeated, a capital letter a type that is the same wherever it stands
        (`N` numbers, `I` integers), `any` every type, `text` every type, read as VARCHAR.
        Where nothing else is said, a NULL argument makes the result NULL. Regular expressions are
        those of Rust's `regex` crate: RE2's syntax, no look-around, no back-references in a pattern.

        """);
    byCategory.forEach(
        (category, members) -> {
          page.append("## ").append(title(category)).append("\n\n");
          members.forEach(member -> append(page, member));
        });
    return page.toString().stripTrailing() + "\n";
  }

  private static String counts(List<FunctionInfo> functions) {
    Map<Kind, Long> counts =
        functions.stream()
            .collect(Collectors.groupingBy(FunctionInfo::kind, Collectors.counting()));
    return counts.getOrDefault(Kind.SCALAR, 0L)
        + " scalar, "
        + counts.getOrDefault(Kind.AGGREGATE, 0L)
        + " aggregate and "
        + counts.getOrDefault(Kind.WINDOW, 0L)
        + " window functions, "
        + counts.getOrDefault(Kind.OPERATOR, 0L)
        + " operators.";
  }

  private static void append(StringBuilder page, FunctionInfo function) {
    page.append("### ").append(function.name()).append("\n\n");
    if (function.syntax().isPresent()) {
      page.append("`").append(function.syntax().get()).append("`  \n");
    }
    for (Signature signature : function.signatures()) {
      page.append("`").append(function.name()).append(signature.text()).append("`  \n");
    }
    page.append("\n").append(function.description());
    switch (function.nulls()) {
      case PROPAGATE -> {}
      case MAYBE -> {
        if (function.kind() == Kind.SCALAR) {
          page.append(" NULL is handled as described, not by the general rule.");
        }
      }
      case NEVER -> page.append(" Never NULL.");
    }
    switch (function.volatility()) {
      case IMMUTABLE -> {}
      case STABLE -> page.append(" The same value throughout a statement.");
      case VOLATILE -> page.append(" A new value for every row.");
    }
    page.append("\n");
    if (function.names().size() > 1 && function.calcite().isEmpty()) {
      page.append("\nAlso called ")
          .append(
              function.names().stream()
                  .skip(1)
                  .map(n -> "`" + n + "`")
                  .collect(Collectors.joining(", ")))
          .append(".\n");
    }
    function
        .differs()
        .ifPresent(text -> page.append("\n**Differs:** ").append(text.strip()).append("\n"));
    List<TestVector> shown = function.vectors().stream().limit(4).toList();
    if (!shown.isEmpty()) {
      page.append("\n```sql\n");
      shown.forEach(vector -> page.append(example(vector)).append("\n"));
      page.append("```\n");
    }
    page.append("\n");
  }

  private static String example(TestVector vector) {
    String sql = vector.sql().strip().replace("\n", " ");
    if (vector.error().isPresent()) {
      return sql + "  -- error: " + vector.error().get();
    }
    return vector.result().map(r -> sql + "  -- " + r.replace("\n", "\\n")).orElse(sql);
  }

  private static String title(String category) {
    return category.substring(0, 1).toUpperCase(Locale.ROOT) + category.substring(1);
  }
}
