package dev.kelda.connector.files;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a local path and everything that its glob could match look like right now: equal
 * fingerprints mean that nothing was added, removed or written.
 *
 * @param taken when; not part of equality
 */
record Fingerprint(Map<Path, Mark> marks, Instant taken) {
  private static final int MAX_FILES = 20_000;
  private static final Duration CLOCK_STEP = Duration.ofMillis(100);

  private record Mark(long size, FileTime modified, FileTime changed, Object key) {}

  /** Empty for what is not local, is absent, or is too much to look at. */
  static Optional<Fingerprint> take(String url) {
    if (!url.startsWith("file://")) {
      return Optional.empty();
    }
    Instant now = Instant.now();
    Path pattern = localPath(url);
    Path fixed = pattern.getRoot();
    for (Path part : pattern) {
      if (isGlob(part.toString())) {
        break;
      }
      fixed = fixed.resolve(part);
    }
    boolean deep = url.contains("**") || url.endsWith("/");
    int depth = deep ? Integer.MAX_VALUE : pattern.getNameCount() - fixed.getNameCount();
    Map<Path, Mark> marks = new HashMap<>();
    try (Stream<Path> walk = Files.walk(fixed, depth, FileVisitOption.FOLLOW_LINKS)) {
      for (Iterator<Path> paths = walk.iterator(); paths.hasNext(); ) {
        Path path = paths.next();
        if (Files.isRegularFile(path)) {
          marks.put(path, mark(path));
        }
        if (marks.size() > MAX_FILES) {
          return Optional.empty();
        }
      }
    } catch (IOException | java.io.UncheckedIOException e) {
      // Unreadable or moving: the native inspection says what is wrong, nothing is kept.
      return Optional.empty();
    }
    return marks.isEmpty()
        ? Optional.empty()
        : Optional.of(new Fingerprint(Map.copyOf(marks), now));
  }

  /** Whether the files are old enough that a later write must show in their times. */
  boolean isSettled() {
    Instant border = taken.minus(CLOCK_STEP);
    return marks.values().stream()
        .allMatch(
            mark ->
                mark.modified().toInstant().isBefore(border)
                    && mark.changed().toInstant().isBefore(border));
  }

  static Path localPath(String url) {
    return Path.of(url.substring("file://".length()));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Fingerprint f && f.marks.equals(marks);
  }

  @Override
  public int hashCode() {
    return marks.hashCode();
  }

  private static boolean isGlob(String part) {
    return part.chars().anyMatch(c -> "*?[{".indexOf(c) >= 0);
  }

  private static Mark mark(Path path) throws IOException {
    BasicFileAttributes basic = Files.readAttributes(path, BasicFileAttributes.class);
    FileTime changed =
        path.getFileSystem().supportedFileAttributeViews().contains("unix")
            ? (FileTime) Files.getAttribute(path, "unix:ctime")
            : basic.lastModifiedTime();
    return new Mark(
        basic.size(), basic.lastModifiedTime(), changed, Optional.ofNullable(basic.fileKey()));
  }
}
