package dev.kelda.executor;

import dev.kelda.executor.setting.SettingValues;

/** Sessions without an engine. */
public final class Sessions {
  private Sessions() {}

  public static Session open() {
    return new Session(
        "s", "tester", new Session.Path("lake", "main"), SettingValues.DEFAULTS, closed -> {});
  }
}
