package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.Optional;

/** A connector that can load a table as it was. */
public interface TimeTravelConnector extends Connector {
  /**
   * The table at a moment of its past, with the schema it had then. Empty when the table does not
   * exist.
   *
   * @throws dev.kelda.spi.error.KeldaException INVALID_ARGUMENT when the table has no such moment
   */
  Optional<Table> tableAsOf(String schema, String name, Moment moment);

  /** Which past state is meant. */
  sealed interface Moment {
    /** The state that was current at an instant. */
    record At(Instant instant) implements Moment {
      public At {
        requireNonNull(instant, "instant is null");
      }
    }

    /** A snapshot by its id. */
    record Snapshot(long id) implements Moment {}

    /** A tag or branch. */
    record Ref(String name) implements Moment {
      public Ref {
        requireNonNull(name, "name is null");
      }
    }
  }
}
