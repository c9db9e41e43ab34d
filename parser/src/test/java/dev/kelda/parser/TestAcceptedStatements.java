package dev.kelda.parser;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every statement of accepted.txt parses to what stands below it. To add one: write it there
 * followed by a line "-&gt;", run the test, read target/accepted.txt, and copy it over.
 */
final class TestAcceptedStatements {
  private static final String ARROW = "-> ";

  record Case(String sql, String expected) {
    @Override
    public String toString() {
      return sql;
    }
  }

  static Stream<Case> cases() throws IOException {
    List<Case> cases = new ArrayList<>();
    StringBuilder sql = new StringBuilder();
    for (String line : golden().split("\n")) {
      if (line.startsWith("->")) {
        String expected = line.substring(Math.min(line.length(), ARROW.length()));
        cases.add(new Case(sql.toString().strip(), expected));
        sql.setLength(0);
      } else {
        sql.append(line).append('\n');
      }
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void parses(Case example) {
    assertThat(render(example.sql)).isEqualTo(example.expected);
  }

  @Test
  void writesItsSuccessor() throws IOException {
    StringBuilder out = new StringBuilder();
    cases()
        .forEach(
            example ->
                out.append(example.sql)
                    .append('\n')
                    .append(ARROW)
                    .append(render(example.sql))
                    .append("\n\n"));
    Path successor = Path.of("target", "accepted.txt");
    Files.createDirectories(successor.getParent());
    Files.writeString(successor, out);
    assertThat(out.toString().strip()).isEqualTo(golden().strip());
  }

  private static String render(String sql) {
    return SqlText.parse(sql).toString().replaceAll("\\s+", " ");
  }

  private static String golden() throws IOException {
    try (var in = TestAcceptedStatements.class.getResourceAsStream("accepted.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
