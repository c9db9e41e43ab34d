package dev.kelda.feature.online.redis;

import dev.kelda.feature.online.OnlineStore;
import dev.kelda.feature.online.OnlineStoreFactory;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Options;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * {@code store = "redis"}: a server that speaks the protocol of Redis, such as Valkey, at {@code
 * uri = "redis://user:password@host:port/database"}; keys begin with {@code prefix}.
 */
public final class RedisStoreFactory implements OnlineStoreFactory {
  @Override
  public String name() {
    return "redis";
  }

  /** The options, understood. */
  private record Address(String uri, String prefix, Duration timeout) {
    static Address of(Map<String, String> options) {
      Options given = new Options("online", options);
      String uri =
          given
              .text("uri")
              .orElseThrow(
                  () ->
                      new KeldaException(
                          ErrorCode.INVALID_CONFIGURATION,
                          "[online] store = \"redis\" needs uri = \"redis://host:port\""));
      String prefix = given.text("prefix").orElse("kelda");
      Duration timeout = given.duration("timeout", Duration.ofSeconds(5));
      given.requireNoOthers();
      return new Address(uri, prefix, timeout);
    }
  }

  @Override
  public void check(Map<String, String> options) {
    Address.of(options);
  }

  @Override
  public OnlineStore open(Path folder, Map<String, String> options) {
    Address address = Address.of(options);
    return RedisStore.open(address.uri(), address.prefix(), address.timeout());
  }
}
