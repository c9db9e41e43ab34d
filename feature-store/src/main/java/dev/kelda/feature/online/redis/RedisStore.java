package dev.kelda.feature.online.redis;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.online.Checkpoints;
import dev.kelda.feature.online.OnlineStore;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Tables of views in a server that speaks the protocol of Redis, shared by all servers of Kelda
 * that are given its address.
 *
 * <pre>
 * prefix:view:VIEW       number of the view's table, checkpoint
 * prefix:row:TABLE:KEY   history
 * </pre>
 *
 * Rows are changed by compare-and-set, so that no server undoes what another has written. The
 * checkpoint is written after the rows it covers. A table's number is asked for anew after a
 * second; a table that was replaced is removed when {@link RedisTables#GRACE} has passed.
 */
final class RedisStore implements OnlineStore {
  private static final long NUMBER_NANOS = 1_000_000_000L;
  private static final int MOST_TRIES = 1_000;
  private static final byte[] COMPARE_AND_SET =
      """
      local now = redis.call('GET', KEYS[1])
      if (now or '') ~= ARGV[1] then return 0 end
      if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2]) end
      return 1
      """
          .getBytes(StandardCharsets.UTF_8);

  private final RedisClient client;
  private final StatefulRedisConnection<byte[], byte[]> connection;
  private final RedisTables tables;
  private final String compareAndSet;
  private final Map<String, Known> known = new ConcurrentHashMap<>();

  private record Known(Optional<Checkpoints.Published> published, long atNanos) {}

  private RedisStore(
      RedisClient client, StatefulRedisConnection<byte[], byte[]> connection, String prefix) {
    this.client = client;
    this.connection = connection;
    this.tables = new RedisTables(connection, requireNonNull(prefix, "prefix is null"));
    this.compareAndSet = connection.sync().scriptLoad(COMPARE_AND_SET);
  }

  /**
   * @throws KeldaException INVALID_CONFIGURATION for a URI that is none; REMOTE_SOURCE_ERROR
   */
  static RedisStore open(String uri, String prefix, Duration timeout) {
    RedisURI address;
    try {
      address = RedisURI.create(uri);
    } catch (IllegalArgumentException e) {
      throw new KeldaException(
          ErrorCode.INVALID_CONFIGURATION, "[online] uri is no redis://host:port", e);
    }
    address.setTimeout(timeout);
    RedisClient client = RedisClient.create(address);
    try {
      return new RedisStore(client, client.connect(ByteArrayCodec.INSTANCE), prefix);
    } catch (RedisException e) {
      client.shutdown(Duration.ZERO, timeout);
      throw failed(e);
    }
  }

  @Override
  public Optional<Checkpoint> checkpoint(String view) {
    return translating(() -> fresh(view)).map(Checkpoints.Published::checkpoint);
  }

  private Optional<Checkpoints.Published> fresh(String view) {
    byte[] bytes = connection.sync().get(tables.viewKey(view));
    Optional<Checkpoints.Published> published = Optional.ofNullable(bytes).map(Checkpoints::of);
    known.put(view, new Known(published, System.nanoTime()));
    return published;
  }

  private Optional<Checkpoints.Published> published(String view) {
    Known last = known.get(view);
    return last != null && System.nanoTime() - last.atNanos() < NUMBER_NANOS
        ? last.published()
        : fresh(view);
  }

  @Override
  public byte[][] get(String view, List<byte[]> keys) {
    return translating(
        () -> {
          Optional<Checkpoints.Published> table = published(view);
          if (table.isEmpty()) {
            byte[][] nothing = new byte[keys.size()][];
            Arrays.fill(nothing, NOTHING);
            return nothing;
          }
          return get(table.get().table(), keys);
        });
  }

  private byte[][] get(long table, List<byte[]> keys) {
    if (keys.isEmpty()) {
      return new byte[0][];
    }
    byte[][] full = keys.stream().map(key -> tables.rowKey(table, key)).toArray(byte[][]::new);
    return connection.sync().mget(full).stream()
        .map(value -> value.getValueOrElse(NOTHING))
        .toArray(byte[][]::new);
  }

  @Override
  public Scan scan(String view) {
    return translating(
        () ->
            new RedisScan(
                connection.sync(), tables, fresh(view).map(Checkpoints.Published::table)));
  }

  @Override
  public void update(String view, List<Change> changes, Optional<Checkpoint> checkpoint) {
    translating(
        () -> {
          long table =
              fresh(view)
                  .orElseThrow(() -> new IllegalStateException("view " + view + " has no table"))
                  .table();
          change(table, changes);
          checkpoint.ifPresent(c -> publish(view, new Checkpoints.Published(table, c)));
          return null;
        });
  }

  /** Tries until every change is made on what it was computed from. */
  void change(long table, List<Change> changes) {
    List<Change> left = changes;
    for (int attempt = 1; !left.isEmpty(); attempt++) {
      if (attempt > MOST_TRIES) {
        throw new KeldaException(
            ErrorCode.COMMIT_CONFLICT,
            left.size() + " online rows change faster than they can be written");
      }
      byte[][] before = get(table, left.stream().map(Change::key).toList());
      List<Change> tried = new ArrayList<>();
      List<RedisFuture<Long>> answers = new ArrayList<>();
      for (int i = 0; i < before.length; i++) {
        byte[] after = left.get(i).change().apply(before[i]);
        if (!Arrays.equals(before[i], after)) {
          tried.add(left.get(i));
          answers.add(compareAndSet(tables.rowKey(table, left.get(i).key()), before[i], after));
        }
      }
      left = refused(tried, answers);
    }
  }

  private RedisFuture<Long> compareAndSet(byte[] key, byte[] before, byte[] after) {
    return connection
        .async()
        .evalsha(compareAndSet, ScriptOutputType.INTEGER, new byte[][] {key}, before, after);
  }

  private List<Change> refused(List<Change> tried, List<RedisFuture<Long>> answers) {
    List<Change> refused = new ArrayList<>();
    for (int i = 0; i < tried.size(); i++) {
      if (RedisTables.await(connection, answers.get(i)) == 0) {
        refused.add(tried.get(i));
      }
    }
    return refused;
  }

  private void publish(String view, Checkpoints.Published now) {
    connection.sync().set(tables.viewKey(view), Checkpoints.bytes(now));
    known.put(view, new Known(Optional.of(now), System.nanoTime()));
  }

  @Override
  public Load load(String view) {
    return translating(
        () ->
            new RedisLoad(
                this, view, tables.create(), tables, client.connect(ByteArrayCodec.INSTANCE)));
  }

  void publish(String view, long table, Checkpoint checkpoint, List<Change> changes) {
    translating(
        () -> {
          change(table, changes);
          Optional<Checkpoints.Published> before = fresh(view);
          publish(view, new Checkpoints.Published(table, checkpoint));
          before.ifPresent(b -> tables.remove(b.table()));
          return null;
        });
  }

  @Override
  public void drop(String view) {
    translating(
        () -> {
          Optional<Checkpoints.Published> before = fresh(view);
          connection.sync().del(tables.viewKey(view));
          known.remove(view);
          before.ifPresent(b -> tables.remove(b.table()));
          return null;
        });
  }

  /** How safe a write is, is the server's business. */
  @Override
  public void flush() {}

  @Override
  public long bytes() {
    return translating(
        () ->
            connection
                .sync()
                .info("memory")
                .lines()
                .filter(line -> line.startsWith("used_memory:"))
                .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1).strip()))
                .findFirst()
                .orElse(0));
  }

  @Override
  public void close() {
    tables.close();
    connection.close();
    client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
  }

  static <T> T translating(Supplier<T> work) {
    try {
      return work.get();
    } catch (RedisException e) {
      throw failed(e);
    }
  }

  private static KeldaException failed(RedisException e) {
    return new KeldaException(
        ErrorCode.REMOTE_SOURCE_ERROR, "the online store failed: " + e.getMessage(), e);
  }
}
