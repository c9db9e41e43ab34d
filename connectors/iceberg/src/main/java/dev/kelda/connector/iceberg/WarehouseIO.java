package dev.kelda.connector.iceberg;

import java.util.HashMap;
import java.util.Map;
import org.apache.iceberg.io.FileInfo;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.io.SupportsPrefixOperations;

/**
 * Local files and S3 objects by the scheme of the location. What metadata names is not trusted:
 * writes stay in the warehouse, reads there and in the allowed locations.
 */
final class WarehouseIO implements SupportsPrefixOperations {
  private static final long serialVersionUID = 1;

  private final transient Locations locations;
  private final transient Map<String, Map<String, String>> storage;
  private final transient LocalFileIO local;
  private final transient Map<String, SupportsPrefixOperations> buckets = new HashMap<>();
  private final Map<String, String> properties;

  /**
   * @param storage object-store options by URL prefix, secret
   */
  WarehouseIO(
      Locations locations,
      Map<String, Map<String, String>> storage,
      Map<String, String> properties) {
    this.locations = locations;
    this.storage = storage;
    this.local = new LocalFileIO(locations, properties);
    this.properties = Map.copyOf(properties);
  }

  private SupportsPrefixOperations of(String location) {
    return Locations.isS3(location) ? bucket(Locations.bucket(location)) : local;
  }

  private synchronized SupportsPrefixOperations bucket(String bucket) {
    return buckets.computeIfAbsent(bucket, b -> S3Storage.open(b, storage));
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

  @Override
  public synchronized void close() {
    buckets.values().forEach(SupportsPrefixOperations::close);
    buckets.clear();
  }
}
