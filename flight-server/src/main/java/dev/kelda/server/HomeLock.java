package dev.kelda.server;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * One server a home folder: {@code server.lock} in it is locked as long as the server lives, and
 * holds its process id. The operating system unlocks it when the process dies, however it dies.
 * {@code kelda sql} and other programs do not need it: the metastore is safe among processes.
 */
final class HomeLock implements AutoCloseable {
  private static final String FILE = "server.lock";

  private final FileChannel channel;

  private HomeLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * @throws KeldaException INVALID_CONFIGURATION when another server has it; STORAGE_ERROR when the
   *     folder cannot be written
   */
  static HomeLock take(Path home) {
    Path file = home.resolve(FILE);
    try {
      Files.createDirectories(home);
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      try {
        if (tryLock(channel) == null) {
          throw new KeldaException(
              ErrorCode.INVALID_CONFIGURATION,
              "a server (process %s) runs on the home folder %s already; stop it, or give another --home"
                  .formatted(Files.readString(file).strip(), home));
        }
        byte[] process = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
        channel.truncate(0).write(ByteBuffer.wrap(process));
        return new HomeLock(channel);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw new KeldaException(
          ErrorCode.STORAGE_ERROR, "cannot write to the home folder " + home + ": " + e, e);
    }
  }

  private static FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // a server of this process
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new KeldaException(ErrorCode.STORAGE_ERROR, "closing " + FILE + ": " + e, e);
    }
  }
}
