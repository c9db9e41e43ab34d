package dev.kelda.parser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Large and deep statements: an answer or an error, soon, and never a lost thread. */
@Timeout(60)
final class TestLimits {
  @ParameterizedTest
  @ValueSource(strings = {" OR ", " AND "})
  void readsTenThousandTerms(String operator) {
    assertAccepted("SELECT * FROM t WHERE " + repeat("x = 1", 10_000, operator));
  }

  @Test
  void readsManyUnions() {
    assertAccepted(repeat("SELECT 1", 5_000, " UNION ALL "));
  }

  @Test
  void readsLongLists() {
    String numbers =
        IntStream.range(0, 100_000).mapToObj(i -> "" + i).collect(Collectors.joining(","));
    assertAccepted("SELECT * FROM t WHERE x IN (" + numbers + ")");
    assertAccepted(
        "INSERT INTO t VALUES " + repeat("(" + repeat("12345", 10, ",") + ")", 10_000, ","));
    assertAccepted("SELECT " + repeat("a", 10_000, ",") + " FROM t");
  }

  @Test
  void readsLongSums() {
    assertAccepted("SELECT " + repeat("1", 10_000, " + "));
  }

  @Test
  void readsNesting() {
    assertAccepted("SELECT " + "(".repeat(400) + "1" + ")".repeat(400));
    assertAccepted("SELECT * FROM " + "(SELECT * FROM ".repeat(100) + "t" + ")".repeat(100));
  }

  @Test
  void refusesWhatIsTooDeep() {
    assertTooComplex("SELECT " + "(".repeat(1_000) + "1" + ")".repeat(1_000));
    assertTooComplex("SELECT " + repeat("a", 3_000, " LIKE "));
    assertTooComplex("SELECT " + "NOT ".repeat(10_000) + "a");
    assertTooComplex("SELECT a" + "::INT".repeat(10_000));
    assertTooComplex("SELECT a::INT" + "[]".repeat(5_000));
    assertTooComplex(
        "SELECT CAST(a AS " + "MAP<INT,".repeat(5_000) + "INT" + ">".repeat(5_000) + ")");
    assertTooComplex("SELECT " + "CASE WHEN a THEN ".repeat(1_000) + "1" + " END".repeat(1_000));
  }

  @Test
  void refusesWhatIsTooLong() {
    assertAccepted("SELECT '" + "x".repeat(SqlText.MAX_LENGTH - 9) + "'");
    assertTooComplex("SELECT '" + "x".repeat(SqlText.MAX_LENGTH) + "'");
  }

  private static void assertAccepted(String sql) {
    assertThatCode(() -> SqlText.parse(sql)).doesNotThrowAnyException();
  }

  private static void assertTooComplex(String sql) {
    KeldaException error = catchThrowableOfType(KeldaException.class, () -> SqlText.parse(sql));
    assertThat(error).isNotNull();
    assertThat(error.code()).isEqualTo(ErrorCode.STATEMENT_TOO_COMPLEX);
  }

  private static String repeat(String text, int times, String separator) {
    return Stream.generate(() -> text).limit(times).collect(Collectors.joining(separator));
  }
}
