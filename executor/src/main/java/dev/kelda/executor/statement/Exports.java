package dev.kelda.executor.statement;

import dev.kelda.spi.connector.LocationPolicy;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.file.Path;
import java.util.List;

/**
 * Where COPY may write: the configured locations, but not the home folder, which holds the catalogs
 * and the tables themselves.
 */
public final class Exports {
  private final LocationPolicy allowed;
  private final LocationPolicy home;

  /**
   * @param base where relative paths start from
   * @param locations the configured roots
   */
  public Exports(Path base, List<String> locations, Path home) {
    this.allowed = new LocationPolicy(base, locations);
    this.home = new LocationPolicy(base, List.of(home.toString()));
  }

  /**
   * @throws KeldaException ACCESS_DENIED, INVALID_ARGUMENT
   */
  String resolve(String path) {
    if (path.isBlank()
        || path.endsWith("/")
        || path.chars().anyMatch(c -> "*?[{".indexOf(c) >= 0)) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "COPY writes one file, and '" + path + "' names none");
    }
    String url = allowed.resolve(path);
    if (url.startsWith("file:") && inHome(path)) {
      throw new KeldaException(
          ErrorCode.ACCESS_DENIED,
          "'" + path + "' is in the home folder, which COPY does not write to");
    }
    return url;
  }

  private boolean inHome(String path) {
    try {
      home.resolve(path);
      return true;
    } catch (KeldaException outside) {
      return false;
    }
  }
}
