package dev.kelda.feature.online.rocksdb;

import dev.kelda.feature.online.OnlineStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.DBOptions;
import org.rocksdb.EnvOptions;
import org.rocksdb.IngestExternalFileOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.SstFileWriter;

/** Writes a table into sorted files that RocksDB takes over as they are. For one thread. */
final class RocksLoad implements OnlineStore.Load {
  static final String SUFFIX = ".load.sst";
  private static final long FILE_BYTES = 256L << 20;

  private final RocksStore store;
  private final String view;
  private final long table;
  private final Path folder;
  private final DBOptions dbOptions = new DBOptions();
  private final Options options;
  private final EnvOptions env = new EnvOptions();
  private final List<String> files = new ArrayList<>();
  private SstFileWriter writer; // null between files
  private long bytes;

  RocksLoad(
      RocksStore store, String view, long table, Path folder, ColumnFamilyOptions rowOptions) {
    this.store = store;
    this.view = view;
    this.table = table;
    this.folder = folder;
    this.options = new Options(dbOptions, rowOptions);
  }

  /** The files of a table that is complete. */
  record Sealed(List<String> files) {
    void ingest(RocksDB db, ColumnFamilyHandle rows) throws RocksDBException {
      if (!files.isEmpty()) {
        try (IngestExternalFileOptions moved = new IngestExternalFileOptions().setMoveFiles(true)) {
          db.ingestExternalFile(rows, files, moved);
        }
      }
    }
  }

  @Override
  public void put(byte[] key, byte[] history) {
    try {
      if (writer == null) {
        String file = folder.resolve(table + "-" + files.size() + SUFFIX).toString();
        writer = new SstFileWriter(env, options);
        writer.open(file);
        files.add(file);
      }
      writer.put(RocksStore.key(table, key), history);
      bytes += key.length + history.length;
      if (bytes >= FILE_BYTES) {
        finish();
      }
    } catch (RocksDBException e) {
      throw RocksStore.failed(e);
    }
  }

  private void finish() throws RocksDBException {
    if (writer != null) {
      writer.finish();
      writer.close();
      writer = null;
      bytes = 0;
    }
  }

  @Override
  public void publish(OnlineStore.Checkpoint checkpoint, List<OnlineStore.Change> changes) {
    try {
      finish();
    } catch (RocksDBException e) {
      throw RocksStore.failed(e);
    }
    store.publish(view, table, new Sealed(List.copyOf(files)), checkpoint, changes);
    files.clear();
  }

  @Override
  public void close() {
    if (writer != null) {
      writer.close();
    }
    for (String file : files) {
      try {
        Files.deleteIfExists(Path.of(file));
      } catch (IOException e) {
        throw RocksStore.failed(e);
      }
    }
    options.close();
    dbOptions.close();
    env.close();
  }
}
