package dev.kelda.feature.online;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The rows of one key that can still be seen, as bytes: the one that is seen now, before it those
 * that will be seen later, the one that wins first.
 *
 * <pre>
 * history = row*    row = length (int), event time (long), known-at (long), columns
 * </pre>
 *
 * A row wins over another by its event time, then by its known-at, then by its contents. Once the
 * winner can be seen, the rows behind it never will be again, so they are left out. Immutable.
 */
final class History {
  /** Where a row's columns begin, from where the row does. */
  static final int HEADER = Integer.BYTES + 2 * Long.BYTES;

  static final int LENGTH_AT = 0;
  static final int EVENT_AT = LENGTH_AT + Integer.BYTES;
  static final int KNOWN_AT = EVENT_AT + Long.BYTES;

  private final ViewLayout layout;
  private final OptionalLong timeToLive;

  History(ViewLayout layout) {
    this.layout = requireNonNull(layout, "layout is null");
    Optional<Duration> ttl = layout.timeline().timeToLive();
    this.timeToLive =
        ttl.isPresent()
            ? OptionalLong.of(layout.eventColumn().length(ttl.get()))
            : OptionalLong.empty();
  }

  /** An instant in the units of the view's times. */
  record Moment(long event, long known) {}

  Moment moment(Instant at) {
    return new Moment(
        layout.eventColumn().at(at),
        layout.knownColumn().map(c -> c.at(at)).orElse(Long.MAX_VALUE));
  }

  /**
   * The row that is seen at a moment.
   *
   * @return where it begins; -1 when nothing can be seen, expired or not
   */
  int find(byte[] history, Moment at) {
    for (int row = 0; row < history.length; row = next(history, row)) {
      if (isVisible(history, row, at)) {
        return row;
      }
    }
    return -1;
  }

  /** Whether a row that {@link #find} gave is too old at the moment. */
  boolean isExpired(byte[] history, int row, Moment at) {
    return timeToLive.isPresent()
        && event(history, row) <= saturatedMinus(at.event(), timeToLive.getAsLong());
  }

  static long event(byte[] history, int row) {
    return (long) RowBuffer.LONG.get(history, row + EVENT_AT);
  }

  static long known(byte[] history, int row) {
    return (long) RowBuffer.LONG.get(history, row + KNOWN_AT);
  }

  private static boolean isVisible(byte[] history, int row, Moment at) {
    return event(history, row) <= at.event() && known(history, row) <= at.known();
  }

  private static int next(byte[] history, int row) {
    return row + (int) RowBuffer.INT.get(history, row + LENGTH_AT);
  }

  /**
   * A history of more rows.
   *
   * @param history empty for a key without one
   * @param rows rows in the form of a history, in any order
   * @param now what cannot be seen from then on is left out
   * @return the rows that stay, the winner first
   */
  byte[] merge(byte[] history, byte[] rows, Moment now) {
    List<Place> places = new ArrayList<>();
    collect(history, places);
    collect(rows, places);
    places.sort((a, b) -> compare(b, a));
    RowBuffer out = new RowBuffer();
    for (int i = 0; i < places.size(); i++) {
      Place place = places.get(i);
      if (i == 0 || compare(place, places.get(i - 1)) != 0) {
        int length = next(place.bytes(), place.row()) - place.row();
        int at = out.grow(length);
        System.arraycopy(place.bytes(), place.row(), out.array(), at, length);
      }
      if (isVisible(place.bytes(), place.row(), now)) {
        break;
      }
    }
    return out.copy();
  }

  /**
   * Whether the row of a history of one is seen at the moment, so that what it wins over is not.
   */
  boolean settles(byte[] history, Moment now) {
    return isVisible(history, 0, now);
  }

  private record Place(byte[] bytes, int row) {}

  private static void collect(byte[] history, List<Place> places) {
    for (int row = 0; row < history.length; row = next(history, row)) {
      places.add(new Place(history, row));
    }
  }

  private int compare(Place a, Place b) {
    int order = Long.compare(event(a.bytes(), a.row()), event(b.bytes(), b.row()));
    if (order == 0) {
      order = Long.compare(known(a.bytes(), a.row()), known(b.bytes(), b.row()));
    }
    return order != 0
        ? order
        : layout.order().compare(a.bytes(), a.row() + HEADER, b.bytes(), b.row() + HEADER);
  }

  private static long saturatedMinus(long a, long b) {
    long difference = a - b;
    return ((a ^ b) & (a ^ difference)) < 0 ? Long.MIN_VALUE : difference;
  }
}
