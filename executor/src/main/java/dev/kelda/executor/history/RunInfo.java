package dev.kelda.executor.history;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.run.Runs;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A run as it was last seen.
 *
 * @param done in units
 * @param total empty when it is not known
 */
public record RunInfo(
    String id,
    Runs.Subject subject,
    State state,
    long done,
    OptionalLong total,
    String unit,
    Optional<String> detail,
    Instant started,
    Optional<Instant> ended,
    Optional<String> error) {
  public RunInfo {
    requireNonNull(id, "id is null");
    requireNonNull(subject, "subject is null");
    requireNonNull(state, "state is null");
    requireNonNull(total, "total is null");
    requireNonNull(unit, "unit is null");
    requireNonNull(detail, "detail is null");
    requireNonNull(started, "started is null");
    requireNonNull(ended, "ended is null");
    requireNonNull(error, "error is null");
  }

  /** Where a run stands. */
  public enum State {
    RUNNING,
    FINISHED,
    FAILED,
    CANCELLED,
    /** Its server has not been heard of for a while. Never stored. */
    LOST
  }
}
