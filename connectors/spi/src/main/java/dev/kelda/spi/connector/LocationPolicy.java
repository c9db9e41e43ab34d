package dev.kelda.spi.connector;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The roots that SQL may read from: folders, compared after resolving links, and object-store
 * prefixes. Everything else is refused.
 */
public final class LocationPolicy {
  private final Path base;
  private final List<Path> folders;
  private final List<String> prefixes;

  /**
   * @param base folder that relative paths start from
   * @param roots folders (absolute, or relative to base) and prefixes such as {@code s3://b/data}
   */
  public LocationPolicy(Path base, List<String> roots) {
    this.base = base.toAbsolutePath().normalize();
    List<Path> folderRoots = new ArrayList<>();
    List<String> prefixRoots = new ArrayList<>();
    for (String root : roots) {
      if (isRemote(root)) {
        prefixRoots.add(root.endsWith("/") ? root : root + "/");
      } else {
        folderRoots.add(real(this.base.resolve(localPath(root))));
      }
    }
    this.folders = List.copyOf(folderRoots);
    this.prefixes = List.copyOf(prefixRoots);
  }

  /**
   * The URL of an allowed location. Globs pass through; the part before the first glob character is
   * what is checked.
   *
   * @param location a path or URL as the user wrote it
   * @throws KeldaException ACCESS_DENIED outside the roots; INVALID_ARGUMENT for what is no path
   */
  public String resolve(String location) {
    if (isRemote(location)) {
      return resolveRemote(location);
    }
    Path path;
    try {
      path = base.resolve(localPath(location)).normalize();
    } catch (InvalidPathException e) {
      throw new KeldaException(ErrorCode.INVALID_ARGUMENT, "not a path: '" + location + "'", e);
    }
    Path fixed = real(withoutGlob(path));
    if (folders.stream().noneMatch(fixed::startsWith)) {
      throw denied(location);
    }
    return "file://" + path;
  }

  /** The allowed folders and prefixes, for messages. */
  public List<String> roots() {
    List<String> all = new ArrayList<>();
    folders.forEach(folder -> all.add(folder.toString()));
    all.addAll(prefixes);
    return all;
  }

  private String resolveRemote(String location) {
    String path = location.toLowerCase(Locale.ROOT);
    boolean climbs = path.contains("/../") || path.endsWith("/..") || path.contains("%2e");
    if (climbs || prefixes.stream().noneMatch(location::startsWith)) {
      throw denied(location);
    }
    return location;
  }

  private static KeldaException denied(String location) {
    return new KeldaException(
        ErrorCode.ACCESS_DENIED,
        "'"
            + location
            + "' is outside the allowed locations; start the server with --allow-path for its folder");
  }

  private static boolean isRemote(String location) {
    return location.contains("://") && !location.startsWith("file://");
  }

  private static Path localPath(String location) {
    return Path.of(
        location.startsWith("file://") ? location.substring("file://".length()) : location);
  }

  /**
   * The folders of an absolute pattern that stand before its first wildcard; the path itself
   * without one.
   */
  public static Path withoutGlob(Path path) {
    Path fixed = path.getRoot();
    for (Path part : path) {
      if (part.toString().chars().anyMatch(c -> "*?[{".indexOf(c) >= 0)) {
        break;
      }
      fixed = fixed.resolve(part);
    }
    return fixed;
  }

  // The longest existing part resolved through links: a link inside a root cannot lead out of it.
  private static Path real(Path path) {
    Path existing = path.toAbsolutePath().normalize();
    Path rest = Path.of("");
    while (existing != null && !Files.exists(existing)) {
      rest = existing.getFileName().resolve(rest);
      existing = existing.getParent();
    }
    try {
      return existing == null ? path : existing.toRealPath().resolve(rest).normalize();
    } catch (IOException e) {
      throw new KeldaException(
          ErrorCode.STORAGE_ERROR, "cannot resolve '" + path + "': " + e.getMessage(), e);
    }
  }
}
