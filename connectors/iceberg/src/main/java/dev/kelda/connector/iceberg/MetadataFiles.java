package dev.kelda.connector.iceberg;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.function.Function;
import org.apache.iceberg.BaseTable;
import org.apache.iceberg.LocationProviders;
import org.apache.iceberg.StaticTableOperations;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableMetadataParser;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.view.ViewMetadataParser;

/**
 * Reads metadata files, each once: Iceberg's catalogs would try one that is damaged, or that may
 * not be read, again and again for minutes. What was written here is not read at all: the file of a
 * table with thousands of snapshots has megabytes. Thread-safe.
 */
final class MetadataFiles {
  private static final int KEPT_TABLES = 100;

  private final WarehouseIO io;
  private final Cache<String, TableMetadata> written =
      Caffeine.newBuilder().maximumSize(KEPT_TABLES).build();

  MetadataFiles(WarehouseIO io) {
    this.io = io;
  }

  WarehouseIO io() {
    return io;
  }

  /** The table as a change of it has left it. */
  void wrote(String name, BaseTable table) {
    written.put(name, table.operations().current());
  }

  /**
   * The table as the file describes it, for reading only.
   *
   * @throws KeldaException ACCESS_DENIED, FILE_NOT_FOUND; INVALID_FILE for a damaged one
   */
  BaseTable table(String location, String name) {
    TableMetadata known = written.getIfPresent(name);
    TableMetadata metadata =
        known != null && location.equals(known.metadataFileLocation())
            ? known
            : read("table " + name, location, TableMetadataParser::read);
    return new BaseTable(
        new StaticTableOperations(
            metadata,
            io,
            LocationProviders.locationsFor(metadata.location(), metadata.properties())),
        name);
  }

  /**
   * Reads the file in any case.
   *
   * @throws KeldaException as of {@link #table}
   */
  void require(TablePointers.Pointer pointer, String name) {
    if (pointer.view()) {
      read("view " + name, pointer.location(), ViewMetadataParser::read);
    } else {
      read("table " + name, pointer.location(), TableMetadataParser::read);
    }
  }

  private <T> T read(String what, String location, Function<InputFile, T> parser) {
    try {
      return parser.apply(io.newInputFile(location));
    } catch (KeldaException e) {
      throw e;
    } catch (NotFoundException e) {
      throw new KeldaException(
          ErrorCode.FILE_NOT_FOUND,
          "the metadata file " + location + " of " + what + " is gone",
          e);
    } catch (RuntimeException e) {
      // Jackson's further lines tell where in its own source it was.
      String reason = IcebergErrors.root(e).lines().findFirst().orElse("");
      throw new KeldaException(
          ErrorCode.INVALID_FILE,
          "the metadata file %s of %s is damaged: %s".formatted(location, what, reason),
          e);
    }
  }
}
