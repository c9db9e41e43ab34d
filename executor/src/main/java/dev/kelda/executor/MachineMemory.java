package dev.kelda.executor;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How much memory this process may use: the machine's, or its container's when that is less. */
final class MachineMemory {
  private static final long LEAST = 256L << 20;
  private static final double SHARE = 0.6;
  private static final List<Path> CGROUP_LIMITS =
      List.of(
          Path.of("/sys/fs/cgroup/memory.max"),
          Path.of("/sys/fs/cgroup/memory/memory.limit_in_bytes"));

  private MachineMemory() {}

  /** Budget of the native operators: a share of what the Java heap leaves. */
  static long nativeBudget() {
    long beside = total() - Runtime.getRuntime().maxMemory();
    return Math.max(LEAST, (long) (beside * SHARE));
  }

  static long total() {
    long total = Long.MAX_VALUE;
    if (ManagementFactory.getOperatingSystemMXBean()
        instanceof com.sun.management.OperatingSystemMXBean system) {
      total = system.getTotalMemorySize();
    }
    for (Path limit : CGROUP_LIMITS) {
      total = Math.min(total, read(limit));
    }
    return total == Long.MAX_VALUE ? 4L << 30 : total;
  }

  private static long read(Path limit) {
    try {
      return Files.exists(limit) ? Long.parseLong(Files.readString(limit).strip()) : Long.MAX_VALUE;
    } catch (IOException | NumberFormatException e) {
      return Long.MAX_VALUE; // "max", or not readable: no limit
    }
  }
}
