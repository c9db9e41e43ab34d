package dev.kelda.executor.setting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class TestSettings {
  @Test
  void valuesAreTypedAndChecked() {
    SettingValues values =
        SettingValues.DEFAULTS
            .with("MEMORY_LIMIT", "1.5GiB")
            .with("statement_timeout", "5min")
            .with("time_zone", "Europe/Paris")
            .with("join_reordering", "off")
            .with("batch_rows", "7");
    assertThat(values.value(Settings.MEMORY_LIMIT)).isEqualTo(3L << 29);
    assertThat(values.value(Settings.STATEMENT_TIMEOUT)).isEqualTo(Duration.ofMinutes(5));
    assertThat(values.value(Settings.TIME_ZONE).getId()).isEqualTo("Europe/Paris");
    assertThat(values.value(Settings.JOIN_REORDERING)).isFalse();
    assertThat(values.text("batch_rows")).isEqualTo("7");
    assertThat(values.reset("batch_rows", SettingValues.DEFAULTS).text("batch_rows"))
        .isEqualTo(SettingValues.DEFAULTS.text("batch_rows"));
    assertThat(values.planningKey()).isNotEqualTo(SettingValues.DEFAULTS.planningKey());
  }

  @Test
  void aWrongValueSaysWhatIsExpected() {
    assertFails("batch_rows", "0", ErrorCode.INVALID_ARGUMENT, "'0'", "from 1");
    assertFails("memory_limit", "much", ErrorCode.INVALID_ARGUMENT, "'much'", "'2GiB'");
    assertFails("time_zone", "Mars", ErrorCode.INVALID_ARGUMENT, "'Mars'", "time zone");
    assertFails("plan_cache", "maybe", ErrorCode.INVALID_ARGUMENT, "'maybe'", "TRUE or FALSE");
  }

  @Test
  void anUnknownNameNamesTheNearest() {
    assertFails("batch_row", "1", ErrorCode.SETTING_NOT_FOUND, "\"batch_row\"", "\"batch_rows\"");
  }

  @Test
  void dataFusionOptionsPassThrough() {
    SettingValues values = SettingValues.DEFAULTS.with("datafusion.execution.x", "1");
    assertThat(values.datafusion()).containsEntry("datafusion.execution.x", "1");
    assertThat(values.reset("datafusion.execution.x", SettingValues.DEFAULTS).datafusion())
        .isEmpty();
  }

  private static void assertFails(
      String name, String value, ErrorCode code, String... messageParts) {
    assertThatThrownBy(() -> SettingValues.DEFAULTS.with(name, value))
        .isInstanceOfSatisfying(KeldaException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContainingAll(messageParts);
  }
}
