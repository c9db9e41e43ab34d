package dev.kelda.cli;

import dev.kelda.executor.EngineConfig;
import dev.kelda.server.config.ConfigFile;
import dev.kelda.server.config.Configuration;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options that say which engine to open. */
final class EngineOptions {
  @Option(
      names = "--home",
      paramLabel = "DIR",
      description = "Folder of the metastore and the warehouse (default: $KELDA_HOME or ~/.kelda).")
  private Path home;

  @Option(
      names = "--allow-path",
      paramLabel = "DIR",
      description = "A folder or URL prefix (s3://bucket) that SQL may read; repeatable.")
  private List<String> allowedPaths = List.of();

  @Option(names = "--config", paramLabel = "FILE", description = "Configuration file, kelda.toml.")
  private Path config;

  /** Relative paths on the command line start at the current folder. */
  Configuration configuration() {
    Configuration configuration =
        config == null
            ? Configuration.of(home == null ? ConfigFile.defaultHome() : home)
            : ConfigFile.read(config, Optional.ofNullable(home));
    EngineConfig engine = configuration.engine();
    List<String> allowed = new ArrayList<>(engine.allowedLocations());
    for (String path : allowedPaths) {
      allowed.add(path.contains("://") ? path : Path.of(path).toAbsolutePath().toString());
    }
    if (config == null) {
      engine = engine.withBase(Path.of("").toAbsolutePath());
    }
    return new Configuration(engine.withAllowedLocations(allowed), configuration.server());
  }
}
