package dev.kelda.feature.online;

import java.nio.file.Path;
import java.util.Map;

/** Opens the online stores of one kind; found by {@link java.util.ServiceLoader}. */
public interface OnlineStoreFactory {
  /** What {@code store} says in the section {@code [online]} of the configuration. */
  String name();

  /**
   * Looks at the options alone.
   *
   * @throws dev.kelda.spi.error.KeldaException INVALID_CONFIGURATION for one that is unknown or
   *     wrong
   */
  void check(Map<String, String> options);

  /**
   * Opens the store.
   *
   * @param folder of this home, for a store that keeps files; need not exist
   * @param options the other keys of the section
   * @throws dev.kelda.spi.error.KeldaException REMOTE_SOURCE_ERROR, STORAGE_ERROR when it cannot be
   *     opened
   */
  OnlineStore open(Path folder, Map<String, String> options);
}
