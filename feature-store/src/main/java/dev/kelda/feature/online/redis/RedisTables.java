package dev.kelda.feature.online.redis;

import dev.kelda.feature.online.Checkpoints;
import io.lettuce.core.LettuceFutures;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanIterator;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The names of keys, and which tables there are. A table that no view has is removed: after {@link
 * #GRACE} when it was replaced, after {@link #LOADING} without a sign of life when its load was cut
 * off.
 */
final class RedisTables implements AutoCloseable {
  /** Longer than any reader keeps a table's number. */
  static final Duration GRACE = Duration.ofSeconds(10);

  /** A load says that it is alive more often than this. */
  static final Duration LOADING = Duration.ofMinutes(2);

  private static final Logger LOG = LoggerFactory.getLogger(RedisTables.class);
  private static final int SOME = 1_000;

  private final StatefulRedisConnection<byte[], byte[]> connection;
  private final String prefix;
  private final ScheduledThreadPoolExecutor cleaner =
      new ScheduledThreadPoolExecutor(
          1, task -> Thread.ofPlatform().daemon().name("kelda-online-cleaner").unstarted(task));

  RedisTables(StatefulRedisConnection<byte[], byte[]> connection, String prefix) {
    this.connection = connection;
    this.prefix = prefix;
    cleaner.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    cleaner.scheduleWithFixedDelay(
        () -> quietly(this::removeOrphans),
        LOADING.toSeconds(),
        LOADING.toSeconds(),
        TimeUnit.SECONDS);
  }

  byte[] viewKey(String view) {
    return bytes(prefix + ":view:" + view);
  }

  byte[] rowKey(long table, byte[] key) {
    byte[] head = bytes(prefix + ":row:" + table + ":");
    byte[] full = new byte[head.length + key.length];
    System.arraycopy(head, 0, full, 0, head.length);
    System.arraycopy(key, 0, full, head.length, key.length);
    return full;
  }

  String rowPattern(long table) {
    return prefix.replaceAll("([\\[\\]*?^\\\\])", "\\\\$1") + ":row:" + table + ":*";
  }

  private byte[] tablesKey() {
    return bytes(prefix + ":tables");
  }

  private byte[] loadingKey(long table) {
    return bytes(prefix + ":loading:" + table);
  }

  /** The number of a new table. */
  long create() {
    RedisCommands<byte[], byte[]> commands = connection.sync();
    long table = commands.incr(bytes(prefix + ":last-table"));
    loading(table);
    commands.sadd(tablesKey(), bytes(Long.toString(table)));
    return table;
  }

  /** A sign that the table is being filled. */
  void loading(long table) {
    connection.sync().setex(loadingKey(table), LOADING.toSeconds(), bytes("1"));
  }

  /** Removes a table that readers may still look at. */
  void remove(long table) {
    cleaner.schedule(
        () -> quietly(() -> removeNow(table)), GRACE.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Removes a table that nobody has looked at. */
  void removeNow(long table) {
    RedisCommands<byte[], byte[]> commands = connection.sync();
    ScanIterator<byte[]> keys =
        ScanIterator.scan(commands, ScanArgs.Builder.limit(SOME).match(rowPattern(table)));
    List<byte[]> some = new ArrayList<>();
    while (keys.hasNext()) {
      some.add(keys.next());
      if (some.size() == SOME || !keys.hasNext()) {
        commands.unlink(some.toArray(byte[][]::new));
        some.clear();
      }
    }
    commands.del(loadingKey(table));
    commands.srem(tablesKey(), bytes(Long.toString(table)));
  }

  private void removeOrphans() {
    RedisCommands<byte[], byte[]> commands = connection.sync();
    Set<Long> live = new HashSet<>();
    List<Long> all = new ArrayList<>();
    commands.smembers(tablesKey()).forEach(t -> all.add(Long.parseLong(text(t))));
    all.stream().filter(t -> commands.exists(loadingKey(t)) == 1).forEach(live::add);
    ScanIterator<byte[]> views =
        ScanIterator.scan(commands, ScanArgs.Builder.limit(SOME).match(text(viewKey("")) + "*"));
    while (views.hasNext()) {
      byte[] published = commands.get(views.next());
      if (published != null) {
        live.add(Checkpoints.of(published).table());
      }
    }
    all.stream().filter(t -> !live.contains(t)).forEach(this::removeNow);
  }

  private void quietly(Runnable work) {
    try {
      work.run();
    } catch (RuntimeException e) {
      if (!cleaner.isShutdown()) {
        LOG.warn("tables of the online store that nobody has are removed later", e);
      }
    }
  }

  /** The answer to a command that was sent. */
  static <T> T await(StatefulRedisConnection<byte[], byte[]> connection, RedisFuture<T> answer) {
    if (!LettuceFutures.awaitAll(connection.getTimeout(), answer)) {
      throw new RedisCommandTimeoutException("no answer within " + connection.getTimeout());
    }
    return answer.toCompletableFuture().join();
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** What is left is removed by the next server that runs long enough. */
  @Override
  public void close() {
    cleaner.shutdownNow();
  }
}
