package dev.kelda.executor.setting;

import static java.util.Objects.requireNonNull;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The values of one session: what was set, over the engine's defaults, over the settings' own.
 * Immutable.
 */
public final class SettingValues {
  public static final SettingValues DEFAULTS = new SettingValues(Map.of(), Map.of());

  private final Map<Setting<?>, Object> values;
  private final Map<String, String> datafusion;
  private final String planningKey;

  private SettingValues(Map<Setting<?>, Object> values, Map<String, String> datafusion) {
    this.values = Map.copyOf(values);
    this.datafusion = Map.copyOf(datafusion);
    StringBuilder key = new StringBuilder();
    for (Setting<?> setting : Settings.ALL) {
      if (setting.planning()) {
        key.append(text(setting)).append('\n');
      }
    }
    this.planningKey = key.toString();
  }

  /** The value in force. */
  @SuppressWarnings("unchecked") // with() stores only what the setting itself parsed
  public <T> T value(Setting<T> setting) {
    Object value = values.get(requireNonNull(setting, "setting is null"));
    return value == null ? setting.defaultValue() : (T) value;
  }

  /**
   * @throws dev.kelda.spi.error.KeldaException SETTING_NOT_FOUND, INVALID_ARGUMENT
   */
  public SettingValues with(String name, String text) {
    if (isDataFusion(name)) {
      Map<String, String> changed = new LinkedHashMap<>(datafusion);
      changed.put(name.toLowerCase(Locale.ROOT), text);
      return new SettingValues(values, changed);
    }
    Setting<?> setting = Settings.find(name);
    Map<Setting<?>, Object> changed = new LinkedHashMap<>(values);
    changed.put(setting, setting.parse(text));
    return new SettingValues(changed, datafusion);
  }

  /** The setting as it is in {@code defaults}. */
  public SettingValues reset(String name, SettingValues defaults) {
    if (isDataFusion(name)) {
      Map<String, String> changed = new LinkedHashMap<>(datafusion);
      changed.remove(name.toLowerCase(Locale.ROOT));
      return new SettingValues(values, changed);
    }
    Setting<?> setting = Settings.find(name);
    Map<Setting<?>, Object> changed = new LinkedHashMap<>(values);
    changed.remove(setting);
    if (defaults.values.containsKey(setting)) {
      changed.put(setting, defaults.values.get(setting));
    }
    return new SettingValues(changed, datafusion);
  }

  /** The text of a setting's value; empty text for a DataFusion option that was not set. */
  public String text(String name) {
    return isDataFusion(name)
        ? datafusion.getOrDefault(name.toLowerCase(Locale.ROOT), "")
        : text(Settings.find(name));
  }

  /** Every setting in force by name, as text. */
  public Map<String, String> all() {
    Map<String, String> all = new TreeMap<>(datafusion);
    Settings.ALL.forEach(setting -> all.put(setting.name(), text(setting)));
    return all;
  }

  public Map<String, String> datafusion() {
    return datafusion;
  }

  /** Equal keys: the same text plans to the same plan. */
  public String planningKey() {
    return planningKey;
  }

  private <T> String text(Setting<T> setting) {
    return setting.print(value(setting));
  }

  private static boolean isDataFusion(String name) {
    return name.toLowerCase(Locale.ROOT).startsWith(Settings.DATAFUSION);
  }
}
