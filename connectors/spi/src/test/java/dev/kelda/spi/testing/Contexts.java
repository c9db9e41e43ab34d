package dev.kelda.spi.testing;

import dev.kelda.spi.connector.ConnectorContext;
import dev.kelda.spi.connector.LocationPolicy;
import dev.kelda.spi.connector.ObjectStores;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** What an engine would lend to a connector that inspects no files. */
public final class Contexts {
  private Contexts() {}

  /** With the locations of the home folder alone. */
  public static ConnectorContext of(Path home) {
    return of(home, new MemoryStores());
  }

  public static ConnectorContext of(Path home, ObjectStores stores) {
    return new ConnectorContext(
        home,
        new LocationPolicy(home, List.of()),
        (format, paths, options) -> {
          throw new IllegalStateException("not used");
        },
        stores,
        Map.of());
  }
}
