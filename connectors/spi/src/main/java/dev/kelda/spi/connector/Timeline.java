package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a table of facts about keys over time declares: a row is visible at instant t when its event
 * time is not after t, it was known by then, and it is younger than the time to live.
 *
 * @param primaryKey columns that name what a row is about; may be empty
 * @param eventTime column: since when a row holds
 * @param knownAt column: since when a row was known; empty when that is the event time
 * @param timeToLive a row of this age is not visible any more; empty when rows do not age
 */
public record Timeline(
    List<String> primaryKey,
    String eventTime,
    Optional<String> knownAt,
    Optional<Duration> timeToLive) {
  public Timeline {
    primaryKey = List.copyOf(primaryKey);
    requireNonNull(eventTime, "eventTime is null");
    requireNonNull(knownAt, "knownAt is null");
    requireNonNull(timeToLive, "timeToLive is null");
  }
}
