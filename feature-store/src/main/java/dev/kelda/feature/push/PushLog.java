package dev.kelda.feature.push;

import dev.kelda.feature.online.OnlineViews.Encoded;
import dev.kelda.feature.online.Usage;
import dev.kelda.feature.online.ViewLayout;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rows that were pushed and are not in an offline table yet: each push is one entry, on disk before
 * {@link #append} returns. Pushes at the same time share one write. Thread-safe.
 *
 * <pre>
 * column family "default":  view 0 offset --> layout, rows      offsets grow, over all views
 * column family "state":    what the log is called, its last offset; layouts by their number
 * </pre>
 */
public final class PushLog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PushLog.class);
  private static final byte[] ID = bytes("id");
  private static final byte[] LAST = bytes("last");
  private static final long READ_BYTES = 64L << 20;

  private final Deque<AutoCloseable> resources = new ArrayDeque<>(); // the last opened first
  private final RocksDB db;
  private final ColumnFamilyHandle entries;
  private final ColumnFamilyHandle state;
  private final WriteOptions safe;
  private final String id;
  private final AtomicLong last = new AtomicLong();
  private final Map<Long, ViewLayout> layouts = new ConcurrentHashMap<>();
  private final Backlog backlog = new Backlog();
  private final Usage usage = new Usage("the push log");

  /** One push. */
  public record Entry(long offset, ViewLayout layout, List<Encoded> rows) {
    public Entry {
      rows = List.copyOf(rows);
    }
  }

  private PushLog(Path folder) throws RocksDBException, IOException {
    RocksDB.loadLibrary();
    Files.createDirectories(folder);
    try {
      ColumnFamilyOptions options =
          open(new ColumnFamilyOptions().setCompressionType(CompressionType.LZ4_COMPRESSION));
      DBOptions dbOptions =
          open(
              new DBOptions()
                  .setCreateIfMissing(true)
                  .setCreateMissingColumnFamilies(true)
                  .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                  .setKeepLogFileNum(2));
      safe = open(new WriteOptions().setSync(true));
      List<ColumnFamilyHandle> handles = new ArrayList<>();
      db =
          open(
              RocksDB.open(
                  dbOptions,
                  folder.toString(),
                  List.of(
                      new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, options),
                      new ColumnFamilyDescriptor(bytes("state"), options)),
                  handles));
      handles.forEach(this::open);
      entries = handles.get(0);
      state = handles.get(1);
      id = name();
      recover();
    } catch (RocksDBException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * @throws KeldaException STORAGE_ERROR when the folder is not usable, or another process has it
   */
  public static PushLog open(Path folder) {
    try {
      return new PushLog(folder);
    } catch (RocksDBException | IOException e) {
      String reason = String.valueOf(e.getMessage());
      throw new KeldaException(
          ErrorCode.STORAGE_ERROR,
          reason.contains("lock")
              ? "the push log of this home is in use by another process, most likely its server; connect to that one"
              : "cannot open the push log in " + folder + ": " + reason,
          e);
    }
  }

  private <T extends AutoCloseable> T open(T resource) {
    resources.push(resource);
    return resource;
  }

  private String name() throws RocksDBException {
    byte[] known = db.get(state, ID);
    if (known != null) {
      return new String(known, StandardCharsets.UTF_8);
    }
    String fresh = UUID.randomUUID().toString();
    db.put(state, safe, ID, bytes(fresh));
    return fresh;
  }

  private void recover() throws RocksDBException {
    byte[] known = db.get(state, LAST);
    last.set(known == null ? 0 : ByteBuffer.wrap(known).getLong());
    try (RocksIterator all = db.newIterator(entries)) {
      for (all.seekToFirst(); all.isValid(); all.next()) {
        String view = view(all.key());
        last.accumulateAndGet(offset(all.key()), Math::max);
        backlog.add(view, all.value().length, 0);
      }
      all.status();
    }
  }

  /** Names the log among all that rows of a table may come from. */
  public String id() {
    return id;
  }

  /**
   * Writes one push to disk.
   *
   * @return its offset
   */
  public long append(ViewLayout layout, List<Encoded> rows) {
    return translating(() -> write(layout, rows));
  }

  private long write(ViewLayout layout, List<Encoded> rows) throws RocksDBException {
    try (WriteBatch batch = new WriteBatch()) {
      long number = number(layout);
      long offset = last.incrementAndGet();
      byte[] value = Entries.bytes(number, rows);
      batch.put(entries, key(layout.view(), offset), value);
      db.write(safe, batch);
      backlog.add(layout.view(), value.length, System.nanoTime());
      return offset;
    }
  }

  /** The last offset that was given out. */
  public long last() {
    return last.get();
  }

  private long number(ViewLayout layout) throws RocksDBException {
    String text = Layouts.text(layout);
    long number = Layouts.number(text);
    if (layouts.putIfAbsent(number, layout) == null) {
      db.put(state, safe, layoutKey(number), bytes(text));
    }
    return number;
  }

  private ViewLayout layout(long number) throws RocksDBException {
    ViewLayout known = layouts.get(number);
    if (known == null) {
      byte[] text = db.get(state, layoutKey(number));
      if (text == null) {
        throw new IllegalStateException("the push log has lost layout " + number);
      }
      known = Layouts.of(new String(text, StandardCharsets.UTF_8));
      layouts.put(number, known);
    }
    return known;
  }

  /**
   * A view's next entries in their order: those of one layout, about 64 MB of them at most.
   *
   * @param after offsets that are not wanted
   * @param until the last offset that is
   */
  public List<Entry> read(String view, long after, long until) {
    return translating(() -> entries(view, after, until));
  }

  private List<Entry> entries(String view, long after, long until) throws RocksDBException {
    List<Entry> read = new ArrayList<>();
    long bytes = 0;
    byte[] prefix = prefix(view);
    try (RocksIterator all = db.newIterator(entries)) {
      for (all.seek(key(view, after + 1));
          all.isValid() && startsWith(all.key(), prefix) && bytes < READ_BYTES;
          all.next()) {
        long offset = offset(all.key());
        if (offset > until) {
          break;
        }
        byte[] value = all.value();
        ViewLayout layout = layout(Entries.layout(value));
        if (!read.isEmpty() && read.getFirst().layout() != layout) {
          break;
        }
        read.add(new Entry(offset, layout, Entries.rows(value)));
        bytes += value.length;
      }
      all.status();
      return read;
    }
  }

  /** Forgets a view's entries up to an offset. */
  public void remove(String view, long until) {
    translating(
        () -> {
          delete(view, until);
          return null;
        });
  }

  private void delete(String view, long until) throws RocksDBException {
    try (WriteBatch batch = new WriteBatch()) {
      batch.deleteRange(entries, prefix(view), key(view, until + 1));
      batch.put(state, LAST, ByteBuffer.allocate(Long.BYTES).putLong(last.get()).array());
      db.write(safe, batch);
      backlog.set(view, pendingBytes(view));
    }
  }

  private long pendingBytes(String view) throws RocksDBException {
    long bytes = 0;
    byte[] prefix = prefix(view);
    try (RocksIterator all = db.newIterator(entries)) {
      for (all.seek(prefix); all.isValid() && startsWith(all.key(), prefix); all.next()) {
        bytes += all.value().length;
      }
      all.status();
    }
    return bytes;
  }

  /** The views that have entries. */
  public TreeSet<String> views() {
    return backlog.views();
  }

  /** Bytes that wait. */
  public long bytes() {
    return backlog.bytes();
  }

  /** Since when the oldest entry waits, by {@link System#nanoTime}; empty when none does. */
  public Optional<Long> oldestNanos() {
    return backlog.oldest();
  }

  @Override
  public void close() {
    if (!usage.end()) {
      LOG.warn("the push log is still in use and is left open");
      return;
    }
    for (AutoCloseable resource : resources) {
      try {
        resource.close();
      } catch (Exception e) {
        throw new IllegalStateException("closing the push log", e);
      }
    }
    resources.clear();
  }

  private <T> T translating(Usage.Work<T, RocksDBException> work) {
    try {
      return usage.using(work);
    } catch (RocksDBException e) {
      throw new KeldaException(
          ErrorCode.STORAGE_ERROR, "the push log failed: " + e.getMessage(), e);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] layoutKey(long number) {
    return bytes("layout " + Long.toHexString(number));
  }

  private static byte[] prefix(String view) {
    byte[] name = bytes(view);
    return Arrays.copyOf(name, name.length + 1);
  }

  private static byte[] key(String view, long offset) {
    byte[] prefix = prefix(view);
    return ByteBuffer.allocate(prefix.length + Long.BYTES).put(prefix).putLong(offset).array();
  }

  private static boolean startsWith(byte[] key, byte[] prefix) {
    return key.length == prefix.length + Long.BYTES
        && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
  }

  private static String view(byte[] key) {
    return new String(key, 0, key.length - Long.BYTES - 1, StandardCharsets.UTF_8);
  }

  private static long offset(byte[] key) {
    return ByteBuffer.wrap(key).getLong(key.length - Long.BYTES);
  }
}
