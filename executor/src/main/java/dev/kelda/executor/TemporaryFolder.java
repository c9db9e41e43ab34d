package dev.kelda.executor;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder below the home's {@code tmp} for one engine or process, gone when it closes. Folders of
 * processes that died are removed at the next start: a folder's name begins with its process id.
 */
public final class TemporaryFolder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TemporaryFolder.class);

  private final Path path;

  private TemporaryFolder(Path path) {
    this.path = path;
  }

  /**
   * @throws KeldaException STORAGE_ERROR when the home cannot be written to
   */
  public static TemporaryFolder create(Path home) {
    Path parent = home.resolve("tmp");
    try {
      Files.createDirectories(parent);
      removeStale(parent);
      String name = ProcessHandle.current().pid() + "-" + UUID.randomUUID();
      return new TemporaryFolder(Files.createDirectory(parent.resolve(name)));
    } catch (IOException e) {
      throw new KeldaException(
          ErrorCode.STORAGE_ERROR, "cannot write to the home folder " + home + ": " + e, e);
    }
  }

  public Path path() {
    return path;
  }

  private static void removeStale(Path parent) throws IOException {
    List<Path> folders;
    try (Stream<Path> all = Files.list(parent)) {
      folders = all.filter(Files::isDirectory).toList();
    }
    for (Path folder : folders) {
      String owner = folder.getFileName().toString().split("-", 2)[0];
      boolean ours = owner.matches("\\d{1,18}");
      if (ours && ProcessHandle.of(Long.parseLong(owner)).isEmpty()) {
        remove(folder);
      }
    }
  }

  private static void remove(Path folder) {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException | UncheckedIOException e) {
      LOG.warn("cannot remove {}: {}", folder, e.toString());
    }
  }

  @Override
  public void close() {
    remove(path);
  }
}
