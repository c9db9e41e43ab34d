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
 * @param stores objects in S3, Google Cloud Storage and Azure, natively
 * @param metastore properties of the engine's metastore ({@code uri}, {@code user}, {@code
 *     password}) when it is not the one in the home folder; secret
 */
public record ConnectorContext(
    Path home,
    LocationPolicy locations,
    FileInspector inspector,
    ObjectStores stores,
    Map<String, String> metastore) {
  public ConnectorContext {
    requireNonNull(home, "home is null");
    requireNonNull(locations, "locations is null");
    requireNonNull(inspector, "inspector is null");
    requireNonNull(stores, "stores is null");
    metastore = Map.copyOf(metastore);
  }
}
