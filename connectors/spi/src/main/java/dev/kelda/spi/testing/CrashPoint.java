package dev.kelda.spi.testing;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * The named steps of everything that must survive a crash: between two of them the state on disk
 * changes. A test starts a process with {@code -Dkelda.test.crash=n}, which halts at the n-th step
 * that it reaches as {@code kill -9} would, and names it on standard error; with n = 1, 2, 3 …
 * until the work is done it has been at every step. Without the flag nothing happens, and no
 * configuration or statement can set it.
 */
public final class CrashPoint {
  /** Exit status of a process that halted here, as that of one that was killed. */
  public static final int STATUS = 137;

  private static final int HALT_AT = Integer.getInteger("kelda.test.crash", 0);
  private static final AtomicInteger STEPS = new AtomicInteger();

  private CrashPoint() {}

  /**
   * Call it right after the step.
   *
   * @param step {@code area.what-happened}: {@code iceberg.metadata-written}
   */
  public static void reached(String step) {
    if (HALT_AT > 0 && STEPS.incrementAndGet() == HALT_AT) {
      System.err.println("halted at " + step);
      Runtime.getRuntime().halt(STATUS);
    }
  }
}
