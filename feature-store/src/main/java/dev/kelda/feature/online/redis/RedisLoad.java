package dev.kelda.feature.online.redis;

import dev.kelda.feature.online.OnlineStore;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.api.StatefulRedisConnection;
import java.util.ArrayList;
import java.util.List;

/** Fills a table over a connection of its own, many commands under way at a time. */
final class RedisLoad implements OnlineStore.Load {
  private static final int UNDER_WAY = 2_000;

  private final RedisStore store;
  private final String view;
  private final long table;
  private final RedisTables tables;
  private final StatefulRedisConnection<byte[], byte[]> connection;
  private final List<RedisFuture<String>> sent = new ArrayList<>();
  private boolean published;

  RedisLoad(
      RedisStore store,
      String view,
      long table,
      RedisTables tables,
      StatefulRedisConnection<byte[], byte[]> connection) {
    this.store = store;
    this.view = view;
    this.table = table;
    this.tables = tables;
    this.connection = connection;
    connection.setAutoFlushCommands(false);
  }

  @Override
  public void put(byte[] key, byte[] history) {
    sent.add(connection.async().set(tables.rowKey(table, key), history));
    if (sent.size() == UNDER_WAY) {
      RedisStore.translating(this::flush);
    }
  }

  private Void flush() {
    connection.flushCommands();
    sent.forEach(answer -> RedisTables.await(connection, answer));
    sent.clear();
    tables.loading(table);
    return null;
  }

  @Override
  public void publish(OnlineStore.Checkpoint checkpoint, List<OnlineStore.Change> changes) {
    RedisStore.translating(this::flush);
    store.publish(view, table, checkpoint, changes);
    published = true;
  }

  @Override
  public void close() {
    connection.close();
    if (!published) {
      RedisStore.translating(
          () -> {
            tables.removeNow(table);
            return null;
          });
    }
  }
}
