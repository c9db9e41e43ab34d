package dev.kelda.feature.online.rocksdb;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.online.Checkpoints;
import dev.kelda.feature.online.OnlineStore;
import dev.kelda.feature.online.Usage;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tables of views in one RocksDB in the home folder.
 *
 * <pre>
 * column family "default":  table (8 bytes) + key --> history
 * column family "tables":   view --> number of its table, checkpoint
 * </pre>
 *
 * A table that no view has, left by a load that was cut off, is removed when the store is opened.
 */
final class RocksStore implements OnlineStore {
  private static final Logger LOG = LoggerFactory.getLogger(RocksStore.class);
  static final int PREFIX = Long.BYTES;

  /** Tables are counted from 1. */
  private static final long NO_TABLE = 0;

  private final Path folder;
  private final Deque<AutoCloseable> resources = new ArrayDeque<>(); // the last opened first
  private final ColumnFamilyOptions rowOptions;
  private final RocksDB db;
  private final ColumnFamilyHandle rows;
  private final ColumnFamilyHandle tables;
  private final WriteOptions lazy;
  private final Usage usage = new Usage("the online store");
  private final Map<String, Checkpoints.Published> published = new ConcurrentHashMap<>();

  /** Readers of a table, and writers of its rows, before its removal. */
  private final Map<String, ReentrantReadWriteLock> locks = new ConcurrentHashMap<>();

  private long lastTable; // guarded by this

  private RocksStore(Path folder, long cacheBytes) throws RocksDBException, IOException {
    this.folder = folder;
    RocksDB.loadLibrary();
    Files.createDirectories(folder);
    try {
      BlockBasedTableConfig blocks =
          new BlockBasedTableConfig()
              .setBlockCache(open(new LRUCache(cacheBytes)))
              .setCacheIndexAndFilterBlocks(true)
              .setPinL0FilterAndIndexBlocksInCache(true)
              .setFilterPolicy(open(new BloomFilter(10, false)));
      rowOptions =
          open(
              new ColumnFamilyOptions()
                  .setTableFormatConfig(blocks)
                  .setCompressionType(CompressionType.LZ4_COMPRESSION)
                  .setLevelCompactionDynamicLevelBytes(true));
      ColumnFamilyOptions tableOptions = open(new ColumnFamilyOptions());
      DBOptions options =
          open(
              new DBOptions()
                  .setCreateIfMissing(true)
                  .setCreateMissingColumnFamilies(true)
                  .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                  .setKeepLogFileNum(2)
                  .setMaxOpenFiles(512));
      lazy = open(new WriteOptions());
      List<ColumnFamilyHandle> handles = new ArrayList<>();
      db =
          open(
              RocksDB.open(
                  options,
                  folder.toString(),
                  List.of(
                      new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, rowOptions),
                      new ColumnFamilyDescriptor(
                          "tables".getBytes(StandardCharsets.UTF_8), tableOptions)),
                  handles));
      handles.forEach(this::open);
      rows = handles.get(0);
      tables = handles.get(1);
      readTables();
      removeOrphans();
    } catch (RocksDBException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * @throws KeldaException STORAGE_ERROR when the folder is not usable, or another process has it
   */
  static RocksStore open(Path folder, long cacheBytes) {
    try {
      return new RocksStore(requireNonNull(folder, "folder is null"), cacheBytes);
    } catch (RocksDBException | IOException e) {
      String reason = String.valueOf(e.getMessage());
      throw new KeldaException(
          ErrorCode.STORAGE_ERROR,
          reason.contains("lock")
              ? "the online store of this home is in use by another process, most likely its server; connect to that one"
              : "cannot open the online store in " + folder + ": " + reason,
          e);
    }
  }

  private <T extends AutoCloseable> T open(T resource) {
    resources.push(resource);
    return resource;
  }

  private void readTables() throws RocksDBException {
    try (RocksIterator all = db.newIterator(tables)) {
      for (all.seekToFirst(); all.isValid(); all.next()) {
        Checkpoints.Published known = Checkpoints.of(all.value());
        published.put(new String(all.key(), StandardCharsets.UTF_8), known);
        lastTable = Math.max(lastTable, known.table());
      }
      all.status();
    }
  }

  private void removeOrphans() throws RocksDBException, IOException {
    TreeSet<Long> live = new TreeSet<>();
    published.values().forEach(p -> live.add(p.table()));
    long from = 0;
    for (long table : live) {
      db.deleteRange(rows, prefix(from), prefix(table));
      from = table + 1;
    }
    byte[] end = new byte[PREFIX];
    Arrays.fill(end, (byte) 0xFF);
    try (RocksIterator rest = db.newIterator(rows)) {
      rest.seek(prefix(from));
      if (rest.isValid()) {
        db.deleteRange(rows, prefix(from), end);
      }
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(RocksLoad.SUFFIX)).toList()) {
        Files.delete(file);
      }
    }
  }

  @Override
  public Optional<Checkpoint> checkpoint(String view) {
    return Optional.ofNullable(published.get(view)).map(Checkpoints.Published::checkpoint);
  }

  private ReentrantReadWriteLock lock(String view) {
    return locks.computeIfAbsent(view, ignored -> new ReentrantReadWriteLock());
  }

  @Override
  public byte[][] get(String view, List<byte[]> keys) {
    return locked(
        lock(view).readLock(),
        () -> {
          Checkpoints.Published table = published.get(view);
          return table == null ? nothing(keys.size()) : get(table.table(), keys);
        });
  }

  private static byte[][] nothing(int count) {
    byte[][] nothing = new byte[count][];
    Arrays.fill(nothing, NOTHING);
    return nothing;
  }

  private byte[][] get(long table, List<byte[]> keys) throws RocksDBException {
    if (keys.isEmpty()) {
      return new byte[0][];
    }
    if (keys.size() == 1) {
      return new byte[][] {found(db.get(rows, key(table, keys.getFirst())))};
    }
    List<byte[]> full = new ArrayList<>(keys.size());
    keys.forEach(key -> full.add(key(table, key)));
    List<ColumnFamilyHandle> family = Collections.nCopies(keys.size(), rows);
    return db.multiGetAsList(family, full).stream().map(RocksStore::found).toArray(byte[][]::new);
  }

  private static byte[] found(byte[] value) {
    return value == null ? NOTHING : value;
  }

  @Override
  public Scan scan(String view) {
    return locked(
        lock(view).readLock(),
        () -> {
          Checkpoints.Published table = published.get(view);
          usage.enter();
          return new RocksScan(db, usage, rows, table == null ? NO_TABLE : table.table());
        });
  }

  @Override
  public void update(String view, List<Change> changes, Optional<Checkpoint> checkpoint) {
    changing(
        view,
        batch -> {
          Checkpoints.Published table = published.get(view);
          if (table == null) {
            throw new IllegalStateException("view " + view + " has no table");
          }
          change(batch, table.table(), changes);
          if (checkpoint.isPresent()) {
            write(batch, view, new Checkpoints.Published(table.table(), checkpoint.get()));
          } else {
            db.write(lazy, batch);
          }
        });
  }

  private void change(WriteBatch batch, long table, List<Change> changes) throws RocksDBException {
    byte[][] before = get(table, changes.stream().map(Change::key).toList());
    for (int i = 0; i < before.length; i++) {
      byte[] key = key(table, changes.get(i).key());
      byte[] after = changes.get(i).change().apply(before[i]);
      if (after.length == 0) {
        batch.delete(rows, key);
      } else if (!Arrays.equals(before[i], after)) {
        batch.put(rows, key, after);
      }
    }
  }

  private void write(WriteBatch batch, String view, Checkpoints.Published now)
      throws RocksDBException {
    batch.put(tables, view.getBytes(StandardCharsets.UTF_8), Checkpoints.bytes(now));
    db.write(lazy, batch);
    published.put(view, now);
  }

  @Override
  public Load load(String view) {
    return new RocksLoad(this, view, newTable(), folder, rowOptions);
  }

  private synchronized long newTable() {
    return ++lastTable;
  }

  /** Puts the files of a table in, then the table in the place of the view's present one. */
  void publish(
      String view,
      long table,
      RocksLoad.Sealed files,
      Checkpoint checkpoint,
      List<Change> changes) {
    changing(
        view,
        batch -> {
          files.ingest(db, rows);
          change(batch, table, changes);
          remove(batch, view);
          write(batch, view, new Checkpoints.Published(table, checkpoint));
        });
  }

  private void remove(WriteBatch batch, String view) throws RocksDBException {
    Checkpoints.Published table = published.get(view);
    if (table != null) {
      batch.deleteRange(rows, prefix(table.table()), prefix(table.table() + 1));
    }
  }

  @Override
  public void drop(String view) {
    changing(
        view,
        batch -> {
          remove(batch, view);
          batch.delete(tables, view.getBytes(StandardCharsets.UTF_8));
          db.write(lazy, batch);
          published.remove(view);
        });
  }

  @Override
  public void flush() {
    translating(
        () -> {
          db.flushWal(true);
          return null;
        });
  }

  @Override
  public long bytes() {
    return translating(
        () ->
            db.getLongProperty(rows, "rocksdb.total-sst-files-size")
                + db.getLongProperty(rows, "rocksdb.cur-size-all-mem-tables"));
  }

  private interface Making {
    void make(WriteBatch batch) throws RocksDBException;
  }

  private void changing(String view, Making making) {
    locked(
        lock(view).writeLock(),
        () -> {
          try (WriteBatch batch = new WriteBatch()) {
            making.make(batch);
          }
          return null;
        });
  }

  private <T> T locked(Lock lock, Usage.Work<T, RocksDBException> work) {
    lock.lock();
    try {
      return translating(work);
    } finally {
      lock.unlock();
    }
  }

  private <T> T translating(Usage.Work<T, RocksDBException> work) {
    try {
      return usage.using(work);
    } catch (RocksDBException e) {
      throw failed(e);
    }
  }

  @Override
  public void close() {
    if (!usage.end()) {
      LOG.warn("the online store is still in use and is left open");
      return;
    }
    for (AutoCloseable resource : resources) {
      try {
        resource.close();
      } catch (Exception e) {
        throw new IllegalStateException("closing the online store", e);
      }
    }
    resources.clear();
  }

  static KeldaException failed(RocksDBException e) {
    return new KeldaException(
        ErrorCode.STORAGE_ERROR, "the online store failed: " + e.getMessage(), e);
  }

  static KeldaException failed(IOException e) {
    return failed(new RocksDBException(new UncheckedIOException(e).getMessage()));
  }

  static byte[] prefix(long table) {
    return ByteBuffer.allocate(PREFIX).putLong(table).array();
  }

  static byte[] key(long table, byte[] key) {
    return ByteBuffer.allocate(PREFIX + key.length).putLong(table).put(key).array();
  }
}
