package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.ObjectStores;
import java.util.Map;
import org.apache.iceberg.io.FileInfo;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.io.SupportsPrefixOperations;

/**
 * Local files and objects by the scheme of the location. What metadata names is not trusted: writes
 * stay in the warehouse, reads there and in the allowed locations.
 */
final class WarehouseIO implements SupportsPrefixOperations {
  private static final long serialVersionUID = 1;

  private final transient Locations locations;
  private final transient SupportsPrefixOperations local;
  private final transient SupportsPrefixOperations objects;
  private final Map<String, String> properties;

  WarehouseIO(Locations locations, ObjectStores stores, Map<String, String> properties) {
    this.locations = locations;
    this.local = new LocalFileIO(locations, properties);
    this.objects = new ObjectIO(stores, properties);
    this.properties = Map.copyOf(properties);
  }

  private SupportsPrefixOperations of(String location) {
    return Locations.isLocal(location) ? local : objects;
  }

  @Override
  public Map<String, String> properties() {
    return properties;
  }

  @Override
  public InputFile newInputFile(String location) {
    locations.requireReadable(location);
    return of(location).newInputFile(location);
  }

  @Override
  public InputFile newInputFile(String location, long length) {
    locations.requireReadable(location);
    return of(location).newInputFile(location, length);
  }

  @Override
  public OutputFile newOutputFile(String location) {
    return of(location).newOutputFile(locations.requireInWarehouse(location));
  }

  @Override
  public void deleteFile(String location) {
    of(location).deleteFile(locations.requireInWarehouse(location));
  }

  @Override
  public Iterable<FileInfo> listPrefix(String prefix) {
    return of(prefix).listPrefix(prefix);
  }

  @Override
  public void deletePrefix(String prefix) {
    of(prefix).deletePrefix(locations.requireInWarehouse(prefix));
  }
}
