package dev.kelda.connector.iceberg;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Tidies up the folders of a dropped table. */
final class EmptyFolders {
  private EmptyFolders() {}

  /** Deletes the folder's empty sub-folders and itself; what still holds a file stays. */
  static void delete(String location, Locations locations) {
    if (!Locations.isLocal(location)) {
      return;
    }
    Path folder = LocalFileIO.path(locations.requireInWarehouse(location));
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (Stream<Path> walk = Files.walk(folder)) {
      List<Path> deepestFirst =
          walk.filter(Files::isDirectory).sorted(Comparator.reverseOrder()).toList();
      for (Path path : deepestFirst) {
        deleteIfEmpty(path);
      }
    } catch (IOException e) {
      System.getLogger(EmptyFolders.class.getName())
          .log(System.Logger.Level.WARNING, "cannot tidy up " + folder, e);
    }
  }

  private static void deleteIfEmpty(Path folder) throws IOException {
    try {
      Files.deleteIfExists(folder);
    } catch (DirectoryNotEmptyException e) {
      // Files of another table or engine: not ours to remove.
      return;
    }
  }
}
