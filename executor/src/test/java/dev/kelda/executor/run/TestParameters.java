package dev.kelda.executor.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.math.BigDecimal;
import java.util.List;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.junit.jupiter.api.Test;

class TestParameters {
  @Test
  void valuesTakeTheTypeOfTheirParameter() {
    assertThat(coerced(CanonicalTypes.INT32, Scalar.of(CanonicalTypes.INT64, 7L))).isEqualTo(7L);
    assertThat(coerced(CanonicalTypes.FLOAT64, Scalar.of(CanonicalTypes.INT64, 7L))).isEqualTo(7.0);
    assertThat(coerced(CanonicalTypes.decimal(10, 2), Scalar.of(CanonicalTypes.FLOAT64, 1.5)))
        .isEqualTo(new BigDecimal("1.50"));
    assertThat(coerced(CanonicalTypes.DATE32, text("1970-01-03"))).isEqualTo(2L);
    assertThat(coerced(CanonicalTypes.TIMESTAMP, text("1970-01-01 00:00:01.5")))
        .isEqualTo(1_500_000L);
    assertThat(coerced(CanonicalTypes.TIMESTAMP_TZ, text("1970-01-01T01:00:00+01:00")))
        .isEqualTo(0L);
    assertThat(
            coerced(
                CanonicalTypes.TIMESTAMP,
                Scalar.of(new ArrowType.Timestamp(TimeUnit.MILLISECOND, null), 5L)))
        .isEqualTo(5000L);
    assertThat(coerced(CanonicalTypes.BOOL, text("true"))).isEqualTo(true);
    assertThat(coerced(CanonicalTypes.UTF8, Scalar.of(CanonicalTypes.DATE32, 0L)))
        .isEqualTo("1970-01-01");
    assertThat(coerce(CanonicalTypes.INT32, Scalar.nullOf(CanonicalTypes.UTF8)).value()).isEmpty();
  }

  @Test
  void whatDoesNotFitIsAnErrorThatNamesTheValue() {
    assertFails(ErrorCode.NUMBER_OUT_OF_RANGE, "3000000000", CanonicalTypes.INT32, 3_000_000_000L);
    assertFails(ErrorCode.NUMBER_OUT_OF_RANGE, "128", CanonicalTypes.INT8, 128L);
    assertThatThrownBy(() -> coerce(CanonicalTypes.INT32, text("seven")))
        .isInstanceOfSatisfying(
            KeldaException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CAST))
        .hasMessageContaining("seven")
        .hasMessageContaining("parameter 1");
    assertThatThrownBy(
            () -> coerce(CanonicalTypes.decimal(10, 2), Scalar.of(CanonicalTypes.FLOAT64, 1.255)))
        .hasMessageContaining("1.255 does not fit DECIMAL(10, 2)");
    assertThatThrownBy(() -> coerce(CanonicalTypes.DATE32, text("2024-02-30")))
        .hasMessageContaining("2024-02-30");
  }

  @Test
  void theNumberOfValuesMustMatch() {
    assertThatThrownBy(
            () -> Parameters.coerce(List.of(Field.nullable("$1", CanonicalTypes.INT32)), List.of()))
        .isInstanceOfSatisfying(
            KeldaException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.WRONG_PARAMETERS));
  }

  private static void assertFails(ErrorCode code, String value, ArrowType type, long number) {
    assertThatThrownBy(() -> coerce(type, Scalar.of(CanonicalTypes.INT64, number)))
        .isInstanceOfSatisfying(KeldaException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(value);
  }

  private static Scalar text(String value) {
    return Scalar.of(CanonicalTypes.UTF8, value);
  }

  private static Object coerced(ArrowType type, Scalar value) {
    return coerce(type, value).value().orElseThrow();
  }

  private static Scalar coerce(ArrowType type, Scalar value) {
    return Parameters.coerce(List.of(Field.nullable("$1", type)), List.of(value)).getFirst();
  }
}
