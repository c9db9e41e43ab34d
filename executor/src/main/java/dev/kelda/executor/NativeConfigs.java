package dev.kelda.executor;

import dev.kelda.executor.proto.ObjectStore;
import java.nio.file.Path;

/** The part of the configuration that native gets. */
final class NativeConfigs {
  private NativeConfigs() {}

  static dev.kelda.executor.proto.EngineConfig of(EngineConfig config, Path spill) {
    dev.kelda.executor.proto.EngineConfig.Builder to =
        dev.kelda.executor.proto.EngineConfig.newBuilder()
            .setWorkerThreads(config.threads())
            .setMemoryBytes(config.memoryBytes())
            .setSpillDirectory(spill.toString())
            .setSpillBytes(config.spillBytes());
    config
        .stores()
        .forEach(
            (prefix, options) ->
                to.addStores(ObjectStore.newBuilder().setPrefix(prefix).putAllOptions(options)));
    return to.build();
  }
}
