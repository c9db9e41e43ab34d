package dev.kelda.ai.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class TestTextQuery {
  private static String parsed(String text) {
    return TextQuery.parse(text, List.of("f"), Analyzers.STANDARD.analyzer()).toString("f");
  }

  @Test
  void wordsMayBeThere() {
    assertThat(parsed("late delivery")).isEqualTo("(late) (delivery)");
  }

  @Test
  void andBindsCloserThanOr() {
    assertThat(parsed("a AND b OR c AND d")).isEqualTo("(+(a) +(b)) (+(c) +(d))");
    assertThat(parsed("(a AND b) OR (c AND d)")).isEqualTo("((+(a) +(b))) ((+(c) +(d)))");
    assertThat(parsed("a AND NOT b")).isEqualTo("(+(a) -(b))");
  }

  @Test
  void wordsMustAndMustNotBeThere() {
    assertThat(parsed("+a -b c")).isEqualTo("+(a) -(b) (c)");
    assertThat(parsed("a NOT b")).isEqualTo("(a) -(b)");
    assertThat(parsed("a -(b c)")).isEqualTo("(a) -((b) (c))");
  }

  @Test
  void phrasesAndBeginnings() {
    assertThat(parsed("\"late delivery\"")).isEqualTo("(\"late delivery\")");
    assertThat(parsed("Deliv*")).isEqualTo("(deliv*)");
  }

  @Test
  void everyTextIsAQuery() {
    for (String odd :
        List.of(
            "",
            " ",
            "(",
            ")))",
            "\"",
            "AND",
            "OR OR",
            "NOT",
            "- +",
            "*",
            "a AND",
            "AND a",
            "(((",
            "what's C++ (really)?",
            "a:b~2^3 /[x",
            "-a")) {
      assertThat(TextQuery.parse(odd, List.of("f"), Analyzers.ENGLISH.analyzer())).isNotNull();
    }
    assertThat(parsed("-a")).contains("MatchNoDocs");
    assertThat(parsed("what's C++ (really)?")).isEqualTo("(what's) (c) ((really))");
  }

  @Test
  void tooMuchIsRefused() {
    assertThatThrownBy(() -> parsed("w ".repeat(1001))).hasMessageContaining("at most 1000 words");
    assertThatThrownBy(() -> parsed("(".repeat(60) + "a")).hasMessageContaining("nested");
  }
}
