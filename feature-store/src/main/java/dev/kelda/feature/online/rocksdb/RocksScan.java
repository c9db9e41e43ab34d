package dev.kelda.feature.online.rocksdb;

import dev.kelda.feature.online.OnlineStore;
import dev.kelda.feature.online.Usage;
import java.util.Arrays;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Snapshot;

/** A table as it was when the scan began, also when it is replaced meanwhile. */
final class RocksScan implements OnlineStore.Scan {
  private final RocksDB db;
  private final Usage usage;
  private final Snapshot snapshot;
  private final Slice end;
  private final ReadOptions options;
  private final RocksIterator rows;
  private boolean started;
  private boolean ended;

  /**
   * @param usage of the database, entered for this scan; left when it is closed
   */
  RocksScan(RocksDB db, Usage usage, ColumnFamilyHandle family, long table) {
    this.db = db;
    this.usage = usage;
    this.snapshot = db.getSnapshot();
    this.end = new Slice(RocksStore.prefix(table + 1));
    this.options =
        new ReadOptions().setSnapshot(snapshot).setIterateUpperBound(end).setFillCache(false);
    this.rows = db.newIterator(family, options);
    rows.seek(RocksStore.prefix(table));
  }

  @Override
  public boolean next() {
    if (ended) {
      return false; // RocksDB does not forgive another step
    }
    if (started) {
      rows.next();
    }
    started = true;
    if (rows.isValid()) {
      return true;
    }
    ended = true;
    try {
      rows.status();
      return false;
    } catch (RocksDBException e) {
      throw RocksStore.failed(e);
    }
  }

  @Override
  public byte[] key() {
    byte[] key = rows.key();
    return Arrays.copyOfRange(key, RocksStore.PREFIX, key.length);
  }

  @Override
  public byte[] history() {
    return rows.value();
  }

  @Override
  public void close() {
    rows.close();
    options.close();
    end.close();
    db.releaseSnapshot(snapshot);
    usage.leave();
  }
}
