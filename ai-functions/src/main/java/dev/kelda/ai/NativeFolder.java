package dev.kelda.ai;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder of this process alone, for native libraries that come in a jar. It is closed when they
 * are loaded: a loaded library needs its file no more, and nothing is left behind whatever ends the
 * process.
 */
public final class NativeFolder implements AutoCloseable {
  private final Path path;

  public NativeFolder() {
    try {
      this.path = Files.createTempDirectory("kelda-native-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public Path path() {
    return path;
  }

  /**
   * Unpacks a library.
   *
   * @param folder in the jar
   * @param name without what the platform puts around it
   * @return false when the jar has none for this platform
   */
  public boolean unpack(ClassLoader jar, String folder, String name) {
    String file = System.mapLibraryName(name);
    try (InputStream in = jar.getResourceAsStream(folder + "/" + file)) {
      if (in == null) {
        return false;
      }
      Files.copy(in, path.resolve(file));
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try (Stream<Path> all = Files.walk(path)) {
      List<Path> inner = all.sorted(Comparator.reverseOrder()).toList();
      for (Path file : inner) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
