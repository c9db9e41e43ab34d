package dev.kelda.connector.iceberg;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.testing.CrashPoint;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.iceberg.exceptions.AlreadyExistsException;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.io.FileInfo;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.io.PositionOutputStream;
import org.apache.iceberg.io.SeekableInputStream;
import org.apache.iceberg.io.SupportsPrefixOperations;

/**
 * Local files for Iceberg without Hadoop. Locations come back exactly as they went in ({@code
 * file:///a}, {@code file:/a} or {@code /a}). A written file is on disk when its stream is closed.
 * Outside the warehouse nothing is written or deleted.
 */
final class LocalFileIO implements SupportsPrefixOperations {
  private static final long serialVersionUID = 1;

  private final transient Locations locations;
  private final Map<String, String> properties;

  LocalFileIO(Locations locations, Map<String, String> properties) {
    this.locations = locations;
    this.properties = Map.copyOf(properties);
  }

  @Override
  public Map<String, String> properties() {
    return properties;
  }

  @Override
  public InputFile newInputFile(String location) {
    return new LocalInput(location, path(location));
  }

  @Override
  public OutputFile newOutputFile(String location) {
    return new LocalOutput(location, path(locations.requireInWarehouse(location)));
  }

  @Override
  public void deleteFile(String location) {
    try {
      Files.deleteIfExists(path(locations.requireInWarehouse(location)));
      CrashPoint.reached("iceberg.deleted " + kind(location));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot delete " + location, e);
    }
  }

  /** Files whose location starts with the prefix, which may end within a file name. */
  @Override
  public Iterable<FileInfo> listPrefix(String prefix) {
    Path start = path(prefix);
    Path folder = prefix.endsWith("/") || Files.isDirectory(start) ? start : start.getParent();
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> walk = Files.walk(folder)) {
      return walk.filter(Files::isRegularFile)
          .filter(file -> file.toString().startsWith(start.toString()))
          .map(LocalFileIO::info)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot list " + prefix, e);
    }
  }

  @Override
  public void deletePrefix(String prefix) {
    listPrefix(prefix).forEach(file -> deleteFile(file.location()));
  }

  static Path path(String location) {
    if (location.startsWith("file://")) {
      return Path.of(location.substring("file://".length()));
    }
    if (location.startsWith("file:")) {
      return Path.of(location.substring("file:".length()));
    }
    if (location.contains("://")) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED, "this catalog reads local files only, not '" + location + "'");
    }
    return Path.of(location);
  }

  /**
   * What a file is, by the end of its name: {@code metadata.json}, {@code avro}, {@code parquet}.
   */
  private static String kind(String location) {
    String file = location.substring(location.lastIndexOf('/') + 1);
    String list = file.startsWith("snap-") ? "manifest list " : "";
    return list + file.substring(file.indexOf('.') + 1);
  }

  private static FileInfo info(Path file) {
    try {
      return new FileInfo(
          "file://" + file, Files.size(file), Files.getLastModifiedTime(file).toMillis());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot look at " + file, e);
    }
  }

  private record LocalInput(String location, Path path) implements InputFile {
    @Override
    public long getLength() {
      try {
        return Files.size(path);
      } catch (NoSuchFileException e) {
        throw new NotFoundException(e, "File does not exist: %s", location);
      } catch (IOException e) {
        throw new UncheckedIOException("cannot look at " + location, e);
      }
    }

    @Override
    public SeekableInputStream newStream() {
      try {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        if (location.endsWith(".avro")) {
          AvroEnd.check(channel, location);
        }
        return new LocalInputStream(channel);
      } catch (NoSuchFileException e) {
        throw new NotFoundException(e, "File does not exist: %s", location);
      } catch (IOException e) {
        throw new UncheckedIOException("cannot open " + location, e);
      }
    }

    @Override
    public boolean exists() {
      return Files.exists(path);
    }
  }

  private static final class LocalInputStream extends SeekableInputStream {
    private final FileChannel channel;

    LocalInputStream(FileChannel channel) {
      this.channel = channel;
    }

    @Override
    public long getPos() throws IOException {
      return channel.position();
    }

    @Override
    public void seek(long position) throws IOException {
      channel.position(position);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      return length == 0 ? 0 : channel.read(ByteBuffer.wrap(bytes, offset, length));
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  private record LocalOutput(String location, Path path) implements OutputFile {
    @Override
    public PositionOutputStream create() {
      return open(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    @Override
    public PositionOutputStream createOrOverwrite() {
      return open(
          StandardOpenOption.CREATE,
          StandardOpenOption.TRUNCATE_EXISTING,
          StandardOpenOption.WRITE);
    }

    private PositionOutputStream open(OpenOption... options) {
      try {
        Files.createDirectories(path.getParent());
        return new LocalOutputStream(location, path, FileChannel.open(path, options));
      } catch (FileAlreadyExistsException e) {
        throw new AlreadyExistsException(e, "File already exists: %s", location);
      } catch (IOException e) {
        throw new UncheckedIOException("cannot write " + location, e);
      }
    }

    @Override
    public InputFile toInputFile() {
      return new LocalInput(location, path);
    }
  }

  /** A file that cannot be written whole is removed when its stream is closed. */
  private static final class LocalOutputStream extends PositionOutputStream {
    private final String location;
    private final Path path;
    private final FileChannel channel;
    private final OutputStream out;
    private long position;
    private boolean broken;

    LocalOutputStream(String location, Path path, FileChannel channel) {
      this.location = location;
      this.path = path;
      this.channel = channel;
      this.out = new BufferedOutputStream(Channels.newOutputStream(channel), 64 * 1024);
    }

    @Override
    public long getPos() {
      return position;
    }

    @Override
    public void write(int value) throws IOException {
      writing(() -> out.write(value));
      position++;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      writing(() -> out.write(bytes, offset, length));
      position += length;
    }

    @Override
    public void flush() throws IOException {
      writing(out::flush);
    }

    @Override
    public void close() throws IOException {
      if (!channel.isOpen()) {
        return;
      }
      try (channel) {
        if (!broken) {
          writing(this::finish);
        }
      } finally {
        if (broken) {
          Files.deleteIfExists(path);
        }
      }
    }

    private void finish() throws IOException {
      out.flush();
      channel.force(true);
      channel.close();
      CrashPoint.reached("iceberg.written " + kind(location));
    }

    private interface Writing {
      void run() throws IOException;
    }

    private void writing(Writing work) throws IOException {
      try {
        work.run();
      } catch (IOException e) {
        broken = true;
        throw new IOException("cannot write " + location + ": " + e.getMessage(), e);
      }
    }
  }
}
