package dev.kelda.parser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.kelda.spi.error.KeldaException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

/** Exact message and place of what is refused: one statement and its error a line. */
final class TestSyntaxErrors {
  @ParameterizedTest
  @CsvFileSource(resources = "refused.txt", delimiter = '~', quoteCharacter = '`')
  void refuses(String sql, String message) {
    KeldaException error = catchThrowableOfType(KeldaException.class, () -> SqlText.parse(sql));
    assertThat(error).as(sql).isNotNull();
    assertThat(error.describe()).isEqualTo(message);
  }
}
