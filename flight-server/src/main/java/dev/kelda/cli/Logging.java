package dev.kelda.cli;

import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Where log lines go: standard error, one line each. */
final class Logging {
  /** Kept: java.util.logging forgets the level of a logger that nobody holds. */
  private static final List<Logger> NOISY =
      List.of(
          Logger.getLogger("io.grpc"),
          Logger.getLogger("org.flywaydb"),
          Logger.getLogger("io.netty"),
          Logger.getLogger("org.apache"),
          Logger.getLogger("com.zaxxer"));

  private Logging() {}

  /** Call before anything logs. */
  static void start(Level level) {
    System.setProperty(
        "java.util.logging.SimpleFormatter.format", "%1$tF %1$tT.%1$tL %4$s %3$s: %5$s%6$s%n");
    Logger.getLogger("").setLevel(level);
    for (Logger noisy : NOISY) {
      noisy.setLevel(Level.WARNING.intValue() > level.intValue() ? Level.WARNING : level);
    }
  }
}
