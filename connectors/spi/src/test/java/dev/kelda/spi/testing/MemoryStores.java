package dev.kelda.spi.testing;

import dev.kelda.spi.connector.ObjectStores;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Object stores that live as long as the test; every URL is served, with any credentials. */
public final class MemoryStores implements ObjectStores {
  private final ConcurrentSkipListMap<String, byte[]> objects = new ConcurrentSkipListMap<>();
  private final List<Loan> loans = new CopyOnWriteArrayList<>();

  /** A call of {@link #lend}. */
  public record Loan(String prefix, Map<String, String> options, Optional<Instant> until) {}

  /** All that was lent, the latest last. */
  public List<Loan> loans() {
    return loans;
  }

  @Override
  public Optional<StoredObject> find(String url) {
    return Optional.ofNullable(objects.get(url)).map(content -> stored(url, content));
  }

  @Override
  public byte[] read(String url, long from, long to) {
    byte[] content = objects.get(url);
    if (content == null) {
      throw new KeldaException(ErrorCode.FILE_NOT_FOUND, "no file " + url);
    }
    return Arrays.copyOfRange(content, (int) from, (int) Math.min(to, content.length));
  }

  @Override
  public void write(String url, byte[] content) {
    objects.put(url, content.clone());
  }

  @Override
  public void delete(String url) {
    objects.remove(url);
  }

  @Override
  public List<StoredObject> list(String prefix) {
    return objects.tailMap(prefix).entrySet().stream()
        .takeWhile(entry -> entry.getKey().startsWith(prefix))
        .map(entry -> stored(entry.getKey(), entry.getValue()))
        .toList();
  }

  @Override
  public void lend(String prefix, Map<String, String> options, Optional<Instant> until) {
    loans.add(new Loan(prefix, options, until));
  }

  private static StoredObject stored(String url, byte[] content) {
    return new StoredObject(url, content.length, Instant.EPOCH);
  }
}
