package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.apache.arrow.vector.types.pojo.Schema;

/** Looks at data files without reading all their rows. Implemented by the native engine. */
public interface FileInspector {
  /**
   * @param paths URLs that passed the {@link LocationPolicy}; globs in the path part
   * @throws dev.kelda.spi.error.KeldaException FILE_NOT_FOUND, INVALID_FILE (names the file)
   */
  Inspection inspect(Scan.FileFormat format, List<String> paths, Scan.FormatOptions options);

  /**
   * @param schema the union of the files' columns in canonical types
   * @param files sorted by path, with statistics where the format has them
   * @param version changes when any file changes
   */
  record Inspection(Schema schema, List<Scan.DataFile> files, String version) {
    public Inspection {
      requireNonNull(schema, "schema is null");
      files = List.copyOf(files);
      requireNonNull(version, "version is null");
    }
  }
}
