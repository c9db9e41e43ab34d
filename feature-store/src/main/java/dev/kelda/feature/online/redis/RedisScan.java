package dev.kelda.feature.online.redis;

import dev.kelda.feature.online.OnlineStore;
import io.lettuce.core.KeyValue;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanIterator;
import io.lettuce.core.api.sync.RedisCommands;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/** A table's keys as the server's SCAN gives them. */
final class RedisScan implements OnlineStore.Scan {
  private static final int SOME = 1_000;

  private final RedisCommands<byte[], byte[]> commands;
  private final Iterator<byte[]> keys;
  private final Deque<KeyValue<byte[], byte[]>> read = new ArrayDeque<>();
  private final int prefix;
  private KeyValue<byte[], byte[]> current;

  RedisScan(RedisCommands<byte[], byte[]> commands, RedisTables tables, Optional<Long> table) {
    this.commands = commands;
    this.prefix = table.map(t -> tables.rowKey(t, OnlineStore.NOTHING).length).orElse(0);
    this.keys =
        table
            .<Iterator<byte[]>>map(
                t ->
                    ScanIterator.scan(
                        commands, ScanArgs.Builder.limit(SOME).match(tables.rowPattern(t))))
            .orElse(Collections.emptyIterator());
  }

  @Override
  public boolean next() {
    return RedisStore.translating(
        () -> {
          while (read.isEmpty() && keys.hasNext()) {
            List<byte[]> some = new ArrayList<>(SOME);
            while (some.size() < SOME && keys.hasNext()) {
              some.add(keys.next());
            }
            commands.mget(some.toArray(byte[][]::new)).stream()
                .filter(KeyValue::hasValue)
                .forEach(read::add);
          }
          current = read.poll();
          return current != null;
        });
  }

  @Override
  public byte[] key() {
    return Arrays.copyOfRange(current.getKey(), prefix, current.getKey().length);
  }

  @Override
  public byte[] history() {
    return current.getValue();
  }

  @Override
  public void close() {}
}
