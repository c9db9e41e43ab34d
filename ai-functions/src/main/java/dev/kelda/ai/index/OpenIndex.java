package dev.kelda.ai.index;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexNotFoundException;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.MMapDirectory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The folder of one index. What cannot be read is deleted: it can be made anew. Thread-safe. */
final class OpenIndex implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OpenIndex.class);

  private final String name;
  private final Path folder;
  private final ReentrantLock refreshing = new ReentrantLock();
  private Optional<Snapshot> snapshot = Optional.empty(); // guarded by this
  private Optional<Directory> directory = Optional.empty(); // guarded by this
  private boolean closed; // guarded by this

  /** What the last commit has. */
  record Snapshot(
      DirectoryReader reader, IndexedFiles files, String version, int dimension, long generation) {
    static Snapshot of(DirectoryReader reader) throws IOException {
      return new Snapshot(
          reader,
          IndexedFiles.of(reader),
          IndexUpdate.version(reader),
          IndexUpdate.dimension(reader),
          reader.getVersion());
    }
  }

  OpenIndex(String name, Path folder) {
    this.name = requireNonNull(name, "name is null");
    this.folder = requireNonNull(folder, "folder is null");
  }

  /** One refresh at a time. */
  ReentrantLock refreshing() {
    return refreshing;
  }

  Path folder() {
    return folder;
  }

  synchronized Directory directory() throws IOException {
    if (closed) {
      throw new IOException("index " + name + " is closed");
    }
    if (directory.isEmpty()) {
      Files.createDirectories(folder);
      directory = Optional.of(new MMapDirectory(folder));
    }
    return directory.get();
  }

  /**
   * The last commit; empty while there is none. Its reader lives until the next call that finds a
   * newer one: who uses it longer takes a reference while holding the lock of this object.
   */
  synchronized Optional<Snapshot> snapshot() throws IOException {
    try {
      if (snapshot.isEmpty()) {
        snapshot = Optional.of(Snapshot.of(DirectoryReader.open(directory())));
      } else {
        DirectoryReader newer = DirectoryReader.openIfChanged(snapshot.get().reader());
        if (newer != null) {
          snapshot.get().reader().decRef();
          snapshot = Optional.of(Snapshot.of(newer));
        }
      }
    } catch (IndexNotFoundException notYet) {
      return Optional.empty();
    } catch (IOException | IllegalArgumentException e) {
      LOG.warn("index {} cannot be read; it is made anew", name, e);
      discard();
      return Optional.empty();
    }
    return snapshot;
  }

  /** Everything in the folder goes. */
  synchronized void discard() throws IOException {
    letGo();
    Folders.delete(folder);
  }

  private void letGo() throws IOException {
    if (snapshot.isPresent()) {
      snapshot.get().reader().decRef();
      snapshot = Optional.empty();
    }
    if (directory.isPresent()) {
      directory.get().close();
      directory = Optional.empty();
    }
  }

  long bytes() throws IOException {
    long bytes = 0;
    for (String file : directory().listAll()) {
      bytes += Files.size(folder.resolve(file));
    }
    return bytes;
  }

  /** For DESCRIBE INDEX. */
  synchronized Map<String, String> figures() throws IOException {
    return snapshot()
        .map(
            s ->
                Map.of(
                    "segments",
                    String.valueOf(s.reader().leaves().size()),
                    "deleted documents",
                    String.valueOf(s.reader().numDeletedDocs())))
        .orElse(Map.of());
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    letGo();
  }
}
