package dev.kelda.parser;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TestScripts {
  @Test
  void splitsAtSemicolonsOutsideStringsAndComments() {
    String script =
        """
        -- first; not here
        SELECT ';', 'it''s;', E'a\\';', "a;b", `c;d`; /* ; */
        ;;
        SELECT 2 -- no end""";
    assertThat(SqlText.split(script))
        .containsExactly(
            "-- first; not here\nSELECT ';', 'it''s;', E'a\\';', \"a;b\", `c;d`",
            "SELECT 2 -- no end");
    assertThat(SqlText.split(" -- nothing\n;")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"SELECT 1;", "SELECT 1; ", "SELECT 1; -- done", "SELECT ';';\n/* x */", "a;b;"})
  void isComplete(String text) {
    assertThat(SqlText.isComplete(text)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "-- x;",
        "SELECT 1",
        "SELECT ';",
        "SELECT \";",
        "SELECT 1 /* ;",
        "a; b",
        ";"
      })
  void isNotComplete(String text) {
    assertThat(SqlText.isComplete(text)).isFalse();
  }
}
