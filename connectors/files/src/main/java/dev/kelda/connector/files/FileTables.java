package dev.kelda.connector.files;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.FileInspector;
import dev.kelda.spi.connector.FileInspector.Inspection;
import dev.kelda.spi.connector.LocationPolicy;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Opens paths as tables and keeps what was learnt of local files for as long as nothing about them
 * has changed. Object stores are asked every time.
 */
final class FileTables {
  private static final int KEPT = 200;

  private final LocationPolicy locations;
  private final FileInspector inspector;
  private final Map<Key, Known> known =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Known> eldest) {
          return size() > KEPT;
        }
      };

  private record Key(FileKind kind, String url) {}

  private record Known(Fingerprint fingerprint, FileTable table) {}

  FileTables(LocationPolicy locations, FileInspector inspector) {
    this.locations = locations;
    this.inspector = inspector;
  }

  /**
   * @param path as the user wrote it
   * @throws KeldaException ACCESS_DENIED, FILE_NOT_FOUND, INVALID_FILE
   */
  Table open(FileKind kind, String path) {
    String url = folderUrl(locations.resolve(path));
    Key key = new Key(kind, url);
    // Taken before the files are looked at: what changes meanwhile differs the next time.
    Optional<Fingerprint> now = Fingerprint.take(url);
    if (now.isPresent()) {
      Known last = get(key);
      if (last != null && last.fingerprint().equals(now.get())) {
        return last.table();
      }
    }
    Inspection inspection = inspector.inspect(kind.format(), List.of(url), kind.options());
    inspection.files().forEach(this::requireAllowed);
    inspection = kind.texts() ? texts(inspection) : inspection;
    FileTable table = new FileTable(kind, path, inspection);
    now.filter(Fingerprint::isSettled).ifPresent(mark -> put(key, new Known(mark, table)));
    return table;
  }

  private static Inspection texts(Inspection inspection) {
    Schema texts =
        new Schema(
            inspection.schema().getFields().stream()
                .map(field -> Field.nullable(field.getName(), CanonicalTypes.UTF8))
                .toList());
    return new Inspection(texts, inspection.files(), inspection.version());
  }

  synchronized void forget() {
    known.clear();
  }

  private synchronized Known get(Key key) {
    return known.get(key);
  }

  private synchronized void put(Key key, Known value) {
    known.put(key, value);
  }

  // A glob can meet a link that leads out of the allowed folders.
  private void requireAllowed(Scan.DataFile file) {
    if (!file.path().startsWith("file://")) {
      return;
    }
    Path path = Fingerprint.localPath(file.path());
    try {
      locations.resolve(path.toRealPath().toString());
    } catch (IOException e) {
      throw new KeldaException(
          ErrorCode.FILE_NOT_FOUND, "'" + path + "' cannot be read: " + e.getMessage(), e);
    }
  }

  private static String folderUrl(String url) {
    boolean folder =
        url.startsWith("file://")
            && !url.endsWith("/")
            && Files.isDirectory(Fingerprint.localPath(url));
    return folder ? url + "/" : url;
  }
}
