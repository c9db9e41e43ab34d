package dev.kelda.executor.run;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything that can be thrown, as the one exception that users see. */
public final class Failures {
  private static final Logger LOG = LoggerFactory.getLogger(Failures.class);
  private static final int DEEPEST_CAUSE = 50;

  private Failures() {}

  /** As {@link #of(Throwable)}; why the execution was stopped, when it was, comes first. */
  public static KeldaException of(Execution execution, Throwable thrown) {
    Optional<KeldaException> cancelled = execution.cancelled();
    return cancelled.isPresent() ? cancelled.get() : of(thrown);
  }

  /** The KeldaException inside, or an INTERNAL_ERROR whose id leads to the log. */
  public static KeldaException of(Throwable thrown) {
    Throwable cause = thrown;
    for (int i = 0; cause != null && i < DEEPEST_CAUSE; i++, cause = cause.getCause()) {
      if (cause instanceof KeldaException known) {
        return known;
      }
      if (cause instanceof StackOverflowError) {
        return new KeldaException(
            ErrorCode.STATEMENT_TOO_COMPLEX,
            "the statement is nested too deeply; split it or use fewer levels",
            Optional.empty(),
            null);
      }
      if (cause instanceof OutOfMemoryError
          || cause instanceof org.apache.arrow.memory.OutOfMemoryException) {
        LOG.warn("out of memory", thrown);
        return new KeldaException(
            ErrorCode.MEMORY_LIMIT_EXCEEDED,
            "the server ran out of Java memory: " + cause.getMessage(),
            thrown);
      }
    }
    String id = "%08x".formatted(ThreadLocalRandom.current().nextInt());
    LOG.error("internal error {}", id, thrown);
    return new KeldaException(
        ErrorCode.INTERNAL_ERROR,
        "internal error %s (%s); the server's log has the details"
            .formatted(id, thrown.getClass().getSimpleName()),
        thrown);
  }
}
