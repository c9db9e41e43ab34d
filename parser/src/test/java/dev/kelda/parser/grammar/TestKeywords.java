package dev.kelda.parser.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kelda.parser.SqlText;
import dev.kelda.parser.Statement;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlSelect;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every word that is not reserved names columns, tables and aliases without quotes. */
final class TestKeywords {
  static Stream<String> freeWords() {
    return IntStream.range(0, KeldaParserImplConstants.tokenImage.length)
        .filter(Words::isWord)
        .filter(kind -> !KeywordRules.RESERVED.get(kind))
        .mapToObj(kind -> KeldaParserImplConstants.tokenImage[kind])
        .map(image -> image.substring(1, image.length() - 1).toLowerCase());
  }

  @ParameterizedTest
  @MethodSource("freeWords")
  void names(String word) {
    SqlSelect select =
        select("SELECT x, %1$s, t.%1$s, f(%1$s) AS %1$s FROM t WHERE %1$s > 1 AND y = %1$s", word);
    assertThat(((SqlIdentifier) select.getSelectList().get(1)).names).containsExactly(word);
    select("SELECT a %1$s, b FROM s.%1$s AS %1$s GROUP BY %1$s ORDER BY %1$s, b", word);
    select("SELECT max(%1$s), %1$s + 1 FROM t", word);
    SqlText.parse("CREATE TABLE t (%1$s INT, b INT)".formatted(word));
    SqlText.parse("INSERT INTO t (%1$s, b) VALUES (1, 2)".formatted(word));
  }

  private static SqlSelect select(String template, String word) {
    Statement.Query query = (Statement.Query) SqlText.parse(template.formatted(word));
    return query.query() instanceof SqlSelect select
        ? select
        : (SqlSelect) ((org.apache.calcite.sql.SqlOrderBy) query.query()).query;
  }
}
