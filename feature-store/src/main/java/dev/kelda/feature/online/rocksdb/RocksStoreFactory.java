package dev.kelda.feature.online.rocksdb;

import dev.kelda.feature.online.OnlineStore;
import dev.kelda.feature.online.OnlineStoreFactory;
import dev.kelda.spi.extension.Options;
import java.nio.file.Path;
import java.util.Map;

/** {@code store = "rocksdb"}: files in the home folder; {@code cache = "256MB"} of memory. */
public final class RocksStoreFactory implements OnlineStoreFactory {
  private static final long CACHE_BYTES = 256L << 20;

  @Override
  public String name() {
    return "rocksdb";
  }

  @Override
  public void check(Map<String, String> options) {
    cacheBytes(options);
  }

  @Override
  public OnlineStore open(Path folder, Map<String, String> options) {
    return RocksStore.open(folder, cacheBytes(options));
  }

  private static long cacheBytes(Map<String, String> options) {
    Options given = new Options("online", options);
    long cache = given.bytes("cache", CACHE_BYTES);
    given.requireNoOthers();
    return cache;
  }
}
