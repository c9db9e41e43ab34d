package dev.kelda.server.config;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.EngineConfig;
import java.nio.file.Path;

/** Everything a server needs to start. */
public record Configuration(ServerConfig server, EngineConfig engine) {
  public Configuration {
    requireNonNull(server, "server is null");
    requireNonNull(engine, "engine is null");
  }

  /** Without a configuration file. */
  public static Configuration of(Path home) {
    return new Configuration(ServerConfig.DEFAULT, EngineConfig.of(home));
  }
}
