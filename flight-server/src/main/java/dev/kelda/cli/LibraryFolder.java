package dev.kelda.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where native libraries of this process are unpacked: below the home's {@code tmp}, in a folder
 * with the process id in front, as the engine has them. What a process leaves there that was killed
 * is removed when the next one starts.
 */
final class LibraryFolder {
  private LibraryFolder() {}

  /** To be called before anything is unpacked: Java looks up its temporary folder once. */
  static void below(Path home) {
    try {
      Path parent = Files.createDirectories(home.resolve("tmp"));
      String prefix = ProcessHandle.current().pid() + "-libraries-";
      Path folder = Files.createTempDirectory(parent, prefix);
      System.setProperty("java.io.tmpdir", folder.toString());
      Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(folder)));
    } catch (IOException e) {
      // The engine says what is wrong with the home folder, and it cannot do without.
      return;
    }
  }

  private static void remove(Path folder) {
    try (Stream<Path> all = Files.walk(folder)) {
      List<Path> deepestFirst = all.sorted(Comparator.reverseOrder()).toList();
      for (Path path : deepestFirst) {
        Files.deleteIfExists(path);
      }
    } catch (IOException | UncheckedIOException e) {
      // The next start removes it.
      return;
    }
  }
}
