package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.ObjectStores;
import dev.kelda.spi.connector.ObjectStores.StoredObject;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.iceberg.exceptions.AlreadyExistsException;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.io.FileInfo;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.io.PositionOutputStream;
import org.apache.iceberg.io.SeekableInputStream;
import org.apache.iceberg.io.SupportsPrefixOperations;

/**
 * Objects of S3, Google Cloud Storage and Azure for Iceberg, through the native engine's clients.
 * Locations are not checked here. An object is there, whole, when its stream was closed.
 */
final class ObjectIO implements SupportsPrefixOperations {
  private static final long serialVersionUID = 1;
  private static final int FIRST_READ = 256 * 1024;
  private static final int LARGEST_READ = 8 * 1024 * 1024;
  private static final long UNKNOWN = -1;

  private final transient ObjectStores stores;
  private final Map<String, String> properties;

  ObjectIO(ObjectStores stores, Map<String, String> properties) {
    this.stores = stores;
    this.properties = Map.copyOf(properties);
  }

  @Override
  public Map<String, String> properties() {
    return properties;
  }

  @Override
  public InputFile newInputFile(String location) {
    return new ObjectInput(stores, location, UNKNOWN);
  }

  @Override
  public InputFile newInputFile(String location, long length) {
    return new ObjectInput(stores, location, length);
  }

  @Override
  public OutputFile newOutputFile(String location) {
    return new ObjectOutput(stores, location);
  }

  @Override
  public void deleteFile(String location) {
    stores.delete(location);
  }

  /** Objects whose location starts with the prefix, which may end within a name. */
  @Override
  public Iterable<FileInfo> listPrefix(String prefix) {
    List<StoredObject> objects = stores.list(prefix);
    return objects.stream()
        .map(o -> new FileInfo(o.url(), o.bytes(), o.modified().toEpochMilli()))
        .toList();
  }

  @Override
  public void deletePrefix(String prefix) {
    listPrefix(prefix).forEach(object -> deleteFile(object.location()));
  }

  private static final class ObjectInput implements InputFile {
    private final ObjectStores stores;
    private final String location;
    private long length;

    ObjectInput(ObjectStores stores, String location, long length) {
      this.stores = stores;
      this.location = location;
      this.length = length;
    }

    @Override
    public long getLength() {
      if (length == UNKNOWN) {
        length = stores.find(location).orElseThrow(() -> missing(location, null)).bytes();
      }
      return length;
    }

    @Override
    public SeekableInputStream newStream() {
      return new PiecewiseInput(stores, location, getLength());
    }

    @Override
    public String location() {
      return location;
    }

    @Override
    public boolean exists() {
      return stores.find(location).isPresent();
    }
  }

  private static NotFoundException missing(String location, Throwable cause) {
    return new NotFoundException(cause, "File does not exist: %s", location);
  }

  /** Reads pieces, the next twice as large when it follows the last. */
  private static final class PiecewiseInput extends SeekableInputStream {
    private final ObjectStores stores;
    private final String location;
    private final long length;
    private long position;
    private byte[] piece = new byte[0];
    private long pieceStart;
    private int readSize = FIRST_READ;

    PiecewiseInput(ObjectStores stores, String location, long length) {
      this.stores = stores;
      this.location = location;
      this.length = length;
    }

    @Override
    public long getPos() {
      return position;
    }

    @Override
    public void seek(long position) {
      this.position = position;
    }

    @Override
    public int read() {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int count) {
      Objects.checkFromIndexSize(offset, count, bytes.length);
      if (count == 0) {
        return 0;
      }
      if (position >= length) {
        return -1;
      }
      if (position < pieceStart || position >= pieceStart + piece.length) {
        fetch();
      }
      int from = Math.toIntExact(position - pieceStart);
      int taken = Math.min(count, piece.length - from);
      System.arraycopy(piece, from, bytes, offset, taken);
      position += taken;
      return taken;
    }

    private void fetch() {
      boolean next = piece.length > 0 && position == pieceStart + piece.length;
      readSize = next ? Math.min(2 * readSize, LARGEST_READ) : FIRST_READ;
      long end = Math.min(length, position + readSize);
      try {
        piece = stores.read(location, position, end);
      } catch (KeldaException e) {
        throw e.code() == ErrorCode.FILE_NOT_FOUND ? missing(location, e) : e;
      }
      if (piece.length != end - position) {
        throw new KeldaException(
            ErrorCode.INVALID_FILE,
            "the file %s ends before its %d bytes".formatted(location, length));
      }
      pieceStart = position;
    }
  }

  private record ObjectOutput(ObjectStores stores, String location) implements OutputFile {
    @Override
    public PositionOutputStream create() {
      if (stores.find(location).isPresent()) {
        throw new AlreadyExistsException("File already exists: %s", location);
      }
      return createOrOverwrite();
    }

    @Override
    public PositionOutputStream createOrOverwrite() {
      return new WholeOutput(stores, location);
    }

    @Override
    public InputFile toInputFile() {
      return new ObjectInput(stores, location, UNKNOWN);
    }
  }

  private static final class WholeOutput extends PositionOutputStream {
    private final ObjectStores stores;
    private final String location;
    private final ByteArrayOutputStream content = new ByteArrayOutputStream();
    private boolean closed;

    WholeOutput(ObjectStores stores, String location) {
      this.stores = stores;
      this.location = location;
    }

    @Override
    public long getPos() {
      return content.size();
    }

    @Override
    public void write(int value) {
      content.write(value);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      content.write(bytes, offset, length);
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        stores.write(location, content.toByteArray());
      }
    }
  }
}
