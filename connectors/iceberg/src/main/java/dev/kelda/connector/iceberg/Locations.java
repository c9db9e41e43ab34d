package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.LocationPolicy;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.io.SupportsPrefixOperations;

/**
 * Where a catalog's files may lie: written and deleted under the warehouse only; read there and
 * under the server's allowed roots (files that another engine registered).
 */
final class Locations {
  private static final List<String> PATH_PROPERTIES =
      List.of(
          TableProperties.WRITE_DATA_LOCATION,
          TableProperties.WRITE_METADATA_LOCATION,
          "write.object-storage.path",
          "write.folder-storage.path");

  private final String warehouse;
  private final LocationPolicy readable;

  /**
   * @param warehouse URL without a slash at the end
   */
  Locations(String warehouse, LocationPolicy readable) {
    this.warehouse = warehouse;
    this.readable = readable;
  }

  String warehouse() {
    return warehouse;
  }

  /**
   * A new table's or view's folder; characters that mean something in a URL are replaced. No other
   * table has files there: one that was renamed may still have those of its old name, and removing
   * orphans looks at folders.
   */
  String newFolder(String schema, String name, SupportsPrefixOperations io) {
    String folder = schemaLocation(schema) + "/" + folder(name);
    boolean taken = io.listPrefix(folder + "/").iterator().hasNext();
    return taken ? folder + "-" + UUID.randomUUID() : folder;
  }

  /** The folder that holds the folders of a schema's tables. */
  String schemaLocation(String schema) {
    return warehouse + "/" + folder(schema);
  }

  private static String folder(String name) {
    String safe = name.replaceAll("[^A-Za-z0-9_.-]", "_");
    return safe.equals(name) ? name : safe + "-" + Integer.toHexString(name.hashCode());
  }

  /**
   * @throws KeldaException ACCESS_DENIED when a table's folder or path property leaves the
   *     warehouse
   */
  void checkTable(String location, Map<String, String> properties) {
    requireInWarehouse(location);
    checkProperties(properties);
  }

  /**
   * @throws KeldaException ACCESS_DENIED when a path property leaves the warehouse
   */
  void checkProperties(Map<String, String> properties) {
    for (String property : PATH_PROPERTIES) {
      if (properties.containsKey(property)) {
        requireInWarehouse(properties.get(property));
      }
    }
  }

  String requireInWarehouse(String location) {
    if (!inWarehouse(location)) {
      throw new KeldaException(
          ErrorCode.ACCESS_DENIED,
          "'" + location + "' is outside the warehouse " + warehouse + " of this catalog");
    }
    return location;
  }

  /**
   * @throws KeldaException ACCESS_DENIED when the file is neither in the warehouse nor allowed
   */
  void requireReadable(String location) {
    if (!inWarehouse(location)) {
      readable.resolve(
          location.startsWith("file:/") ? LocalFileIO.path(location).toString() : location);
    }
  }

  boolean inWarehouse(String location) {
    String url = url(location);
    return url.startsWith(warehouse + "/") && !url.contains("/../") && !url.endsWith("/..");
  }

  /**
   * The location as a URL with a scheme; {@code /a} and {@code file:/a} become {@code file:///a}.
   */
  static String url(String location) {
    if (location.startsWith("/")) {
      return "file://" + location;
    }
    if (location.startsWith("file:/") && !location.startsWith("file://")) {
      return "file://" + location.substring("file:".length());
    }
    return location;
  }

  /** Whether it is no object of a store. */
  static boolean isLocal(String location) {
    return url(location).startsWith("file://") || !location.contains("://");
  }
}
