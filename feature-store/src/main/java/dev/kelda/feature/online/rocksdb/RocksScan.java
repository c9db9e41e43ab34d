package dev.kelda.feature.online.rocksdb;

import dev.kelda.feature.online.OnlineStore;
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
  private final Snapshot snapshot;
  private final Slice end;
  private final ReadOptions options;
  private final RocksIterator rows;
  private boolean started;

  RocksScan(RocksDB db, ColumnFamilyHandle family, long table) {
    this.db = db;
    this.snapshot = db.getSnapshot();
    this.end = new Slice(RocksStore.prefix(table + 1));
    this.options =
        new ReadOptions().setSnapshot(snapshot).setIterateUpperBound(end).setFillCache(false);
    this.rows = db.newIterator(family, options);
    rows.seek(RocksStore.prefix(table));
  }

  @Override
  public boolean next() {
    if (started) {
      rows.next();
    }
    started = true;
    if (rows.isValid()) {
      return true;
    }
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
  }
}
