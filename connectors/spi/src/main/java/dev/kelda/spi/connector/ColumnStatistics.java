package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** What is known of a column, for estimates only. Bounds may be wider than the data. */
public record ColumnStatistics(
    OptionalDouble distinctValues, OptionalLong nulls, Optional<Scalar> min, Optional<Scalar> max) {
  public static final ColumnStatistics UNKNOWN =
      new ColumnStatistics(
          OptionalDouble.empty(), OptionalLong.empty(), Optional.empty(), Optional.empty());

  public ColumnStatistics {
    requireNonNull(distinctValues, "distinctValues is null");
    requireNonNull(nulls, "nulls is null");
    requireNonNull(min, "min is null");
    requireNonNull(max, "max is null");
  }
}
