package dev.kelda.ai.documents;

import dev.kelda.spi.connector.LocationPolicy;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.PatternSyntaxException;

/** The files that a path with wildcards means. */
final class TextFileListing {
  private static final String LOCAL = "file://";
  private static final int MOST_FILES = 1_000_000;

  private TextFileListing() {}

  /** A file as it was listed. */
  record TextFile(Path path, long bytes, Instant modifiedAt) {}

  /**
   * @return in the order of their paths
   * @throws KeldaException ACCESS_DENIED outside the allowed locations; FILE_NOT_FOUND when a path
   *     without wildcards has no file, or no file matches
   */
  static List<TextFile> list(String path, LocationPolicy locations) {
    String url = locations.resolve(path);
    if (!url.startsWith(LOCAL)) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED, "READ_TEXT reads local files, not '" + path + "'");
    }
    Path pattern = Path.of(url.substring(LOCAL.length()));
    Path folder = LocationPolicy.withoutGlob(pattern);
    List<TextFile> found = new ArrayList<>();
    try {
      if (folder.equals(pattern)) {
        found.add(file(pattern, Files.readAttributes(pattern, BasicFileAttributes.class)));
      } else {
        walk(folder, matcher(pattern, path), locations, found);
      }
    } catch (IOException e) {
      throw new KeldaException(ErrorCode.FILE_NOT_FOUND, "cannot read '" + path + "'", e);
    }
    if (found.isEmpty()) {
      throw new KeldaException(ErrorCode.FILE_NOT_FOUND, "no file matches '" + path + "'");
    }
    found.sort(Comparator.comparing(TextFile::path));
    return List.copyOf(found);
  }

  private static TextFile file(Path path, BasicFileAttributes attributes) throws IOException {
    if (!attributes.isRegularFile()) {
      throw new IOException("not a file");
    }
    return new TextFile(path, attributes.size(), attributes.lastModifiedTime().toInstant());
  }

  private static PathMatcher matcher(Path pattern, String given) {
    try {
      return FileSystems.getDefault().getPathMatcher("glob:" + pattern);
    } catch (PatternSyntaxException e) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "'" + given + "' is no pattern of files: " + e.getDescription(),
          e);
    }
  }

  private static void walk(
      Path folder, PathMatcher matcher, LocationPolicy locations, List<TextFile> found)
      throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path path, BasicFileAttributes attributes)
              throws IOException {
            if (!matcher.matches(path)) {
              return FileVisitResult.CONTINUE;
            }
            BasicFileAttributes of = attributes;
            if (attributes.isSymbolicLink()) {
              // Where it leads must be allowed too.
              locations.resolve(path.toRealPath().toString());
              of = Files.readAttributes(path, BasicFileAttributes.class);
            }
            if (of.isRegularFile()) {
              found.add(file(path, of));
            }
            if (found.size() > MOST_FILES) {
              throw new KeldaException(
                  ErrorCode.INVALID_ARGUMENT, "more than " + MOST_FILES + " files match");
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
