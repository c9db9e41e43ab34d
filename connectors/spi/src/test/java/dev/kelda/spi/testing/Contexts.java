package dev.kelda.spi.testing;

import dev.kelda.spi.connector.ConnectorContext;
import dev.kelda.spi.connector.LocationPolicy;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** What an engine would lend to a connector that inspects no files. */
public final class Contexts {
  private Contexts() {}

  /** With the locations of the home folder alone. */
  public static ConnectorContext of(Path home) {
    return of(home, Map.of());
  }

  /**
   * @param storage object-store options by URL prefix
   */
  public static ConnectorContext of(Path home, Map<String, Map<String, String>> storage) {
    return new ConnectorContext(
        home,
        new LocationPolicy(home, List.of()),
        (format, paths, options) -> {
          throw new IllegalStateException("not used");
        },
        storage);
  }
}
