package dev.kelda.executor;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * One statement that runs or ran, as {@code system.queries} shows it.
 *
 * @param planning time until the plan was ready; so far, while planning
 * @param execution time since then; so far, while running
 * @param rows handed to the client, or written
 * @param bytes of Arrow data handed to the client
 * @param peakMemoryBytes reserved by native operators; known at the end
 * @param error code and message of a failed query
 */
public record QueryInfo(
    String id,
    String sessionId,
    String user,
    String sql,
    State state,
    Instant start,
    Optional<Instant> end,
    Duration planning,
    Duration execution,
    long rows,
    long bytes,
    long peakMemoryBytes,
    Optional<String> error) {

  public enum State {
    QUEUED,
    PLANNING,
    RUNNING,
    FINISHED,
    FAILED,
    CANCELLED
  }

  public QueryInfo {
    requireNonNull(id, "id is null");
    requireNonNull(sessionId, "sessionId is null");
    requireNonNull(user, "user is null");
    requireNonNull(sql, "sql is null");
    requireNonNull(state, "state is null");
    requireNonNull(start, "start is null");
    requireNonNull(end, "end is null");
    requireNonNull(planning, "planning is null");
    requireNonNull(execution, "execution is null");
    requireNonNull(error, "error is null");
  }
}
