package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.Map;

/**
 * What the engine lends to a connector.
 *
 * @param home the server's home folder, absolute
 * @param locations which paths may be read and written
 * @param inspector lists files and infers their schemas, natively
 * @param storage object-store options by URL prefix ("s3://bucket"), as the native engine has them;
 *     secret
 * @param metastore properties of the engine's metastore ({@code uri}, {@code user}, {@code
 *     password}) when it is not the one in the home folder; secret
 */
public record ConnectorContext(
    Path home,
    LocationPolicy locations,
    FileInspector inspector,
    Map<String, Map<String, String>> storage,
    Map<String, String> metastore) {
  public ConnectorContext {
    requireNonNull(home, "home is null");
    requireNonNull(locations, "locations is null");
    requireNonNull(inspector, "inspector is null");
    storage = Map.copyOf(storage);
    metastore = Map.copyOf(metastore);
  }

  /** With the metastore in the home folder. */
  public ConnectorContext(
      Path home,
      LocationPolicy locations,
      FileInspector inspector,
      Map<String, Map<String, String>> storage) {
    this(home, locations, inspector, storage, Map.of());
  }
}
