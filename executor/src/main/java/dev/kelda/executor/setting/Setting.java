package dev.kelda.executor.setting;

import static java.util.Objects.requireNonNull;

/**
 * One thing a session can set.
 *
 * @param name lower case
 * @param planning a change makes another plan of the same text
 */
public record Setting<T>(
    String name, SettingType<T> type, T defaultValue, String description, boolean planning) {
  public Setting {
    requireNonNull(name, "name is null");
    requireNonNull(type, "type is null");
    requireNonNull(defaultValue, "defaultValue is null");
    requireNonNull(description, "description is null");
  }

  /**
   * @throws dev.kelda.spi.error.KeldaException INVALID_ARGUMENT that says what is expected
   */
  public T parse(String text) {
    return type.parse(name, text);
  }

  public String print(T value) {
    return type.printer().apply(value);
  }
}
