package dev.kelda.cli;

import dev.kelda.executor.TemporaryFolder;
import dev.kelda.spi.error.KeldaException;
import java.nio.file.Path;

/**
 * Where native libraries of this process are unpacked: below the home's {@code tmp}. What a process
 * leaves there that was killed is removed when the next one starts.
 */
final class LibraryFolder {
  private LibraryFolder() {}

  /** To be called before anything is unpacked: Java looks up its temporary folder once. */
  static void below(Path home) {
    try {
      TemporaryFolder folder = TemporaryFolder.create(home);
      System.setProperty("java.io.tmpdir", folder.path().toString());
      Runtime.getRuntime().addShutdownHook(new Thread(folder::close));
    } catch (KeldaException e) {
      // The engine says what is wrong with the home folder, and it cannot do without.
      return;
    }
  }
}
