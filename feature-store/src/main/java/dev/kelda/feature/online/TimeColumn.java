package dev.kelda.feature.online;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;

/**
 * A column of times as numbers of one unit, microseconds or nanoseconds since 1970, whatever its
 * type. Times that a number of nanoseconds cannot hold count as its least or greatest. A column
 * without a time zone has the clock of UTC.
 */
record TimeColumn(Kind kind) {
  private static final long MICROS_PER_DAY = 86_400_000_000L;

  enum Kind {
    DATE,
    MICROS,
    NANOS
  }

  TimeColumn {
    requireNonNull(kind, "kind is null");
  }

  /** Whether a column of the type can say when a row holds. */
  static boolean supports(ArrowType type) {
    return type instanceof ArrowType.Timestamp || type instanceof ArrowType.Date;
  }

  static TimeColumn of(ArrowType type) {
    return switch (type) {
      case ArrowType.Date ignored -> new TimeColumn(Kind.DATE);
      case ArrowType.Timestamp t ->
          new TimeColumn(t.getUnit() == TimeUnit.NANOSECOND ? Kind.NANOS : Kind.MICROS);
      default -> throw new IllegalArgumentException("no time: " + type);
    };
  }

  /** The time of a row that is not NULL. */
  long read(FieldVector from, int row) {
    return kind == Kind.DATE
        ? ((DateDayVector) from).get(row) * MICROS_PER_DAY
        : ((TimeStampVector) from).get(row);
  }

  void write(long time, FieldVector to, int row) {
    if (kind == Kind.DATE) {
      ((DateDayVector) to).setSafe(row, (int) Math.floorDiv(time, MICROS_PER_DAY));
    } else {
      ((TimeStampVector) to).setSafe(row, time);
    }
  }

  /** An instant as this column would have it, to the microsecond. */
  long at(Instant instant) {
    return scaled(ChronoUnit.MICROS.between(Instant.EPOCH, instant));
  }

  /** A length of time in this column's unit. */
  long length(Duration duration) {
    return scaled(duration.toSeconds() * 1_000_000 + duration.toNanosPart() / 1_000);
  }

  /** Back to an instant, for messages and for clients that want one. */
  Instant instant(long time) {
    return kind == Kind.NANOS
        ? Instant.EPOCH.plusNanos(time)
        : Instant.EPOCH.plus(time, ChronoUnit.MICROS);
  }

  private long scaled(long micros) {
    if (kind != Kind.NANOS) {
      return micros;
    }
    long nanos = micros * 1_000;
    boolean fits = Math.abs(micros) <= Long.MAX_VALUE / 1_000;
    return fits ? nanos : micros < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
  }
}
