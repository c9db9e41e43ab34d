package dev.kelda.server.config;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.EngineConfig;
import java.nio.file.Path;

/** Everything a server needs to start. */
public record Configuration(EngineConfig engine, ServerConfig server) {
  public Configuration {
    requireNonNull(engine, "engine is null");
    requireNonNull(server, "server is null");
  }

  /** Without a configuration file. */
  public static Configuration of(Path home) {
    return new Configuration(EngineConfig.of(home), ServerConfig.DEFAULT);
  }
}
