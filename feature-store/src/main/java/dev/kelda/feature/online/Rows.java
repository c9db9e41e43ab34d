package dev.kelda.feature.online;

import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;

/** Rows of a view in one batch, turned into bytes one at a time. For one thread. */
final class Rows {
  private final ViewLayout layout;
  private final FieldVector[] keys;
  private final FieldVector event;
  private final Optional<FieldVector> known;
  private final FieldVector[] values;
  private final RowBuffer out = new RowBuffer();

  /**
   * @param batch with the columns of the view, in their order
   */
  Rows(ViewLayout layout, VectorSchemaRoot batch) {
    this.layout = layout;
    this.keys = vectors(batch, layout.keys());
    this.event = batch.getVector(layout.event());
    this.known =
        layout.known() < 0 ? Optional.empty() : Optional.of(batch.getVector(layout.known()));
    this.values = vectors(batch, layout.values());
  }

  private static FieldVector[] vectors(VectorSchemaRoot batch, int[] ordinals) {
    return IntStream.of(ordinals).mapToObj(batch::getVector).toArray(FieldVector[]::new);
  }

  boolean hasKey(int row) {
    return !anyNull(keys, row);
  }

  /** Whether a row can ever be seen: its key and its times are there. */
  boolean isVisible(int row) {
    return hasKey(row) && !event.isNull(row) && (known.isEmpty() || !known.get().isNull(row));
  }

  /** The key of a row that has one. */
  byte[] key(int row) {
    return key(layout.keyCodec(), keys, row, out);
  }

  long event(int row) {
    return layout.eventColumn().read(event, row);
  }

  long known(int row) {
    return known
        .map(column -> layout.knownColumn().orElseThrow().read(column, row))
        .orElse(Long.MIN_VALUE);
  }

  /** A row that can be seen, as the history of nothing but itself. */
  byte[] history(int row) {
    out.clear();
    out.grow(History.HEADER);
    layout.rowCodec().write(values, row, out);
    RowBuffer.INT.set(out.array(), History.LENGTH_AT, out.length());
    RowBuffer.LONG.set(out.array(), History.EVENT_AT, event(row));
    RowBuffer.LONG.set(out.array(), History.KNOWN_AT, known(row));
    return out.copy();
  }

  static boolean anyNull(FieldVector[] vectors, int row) {
    for (FieldVector vector : vectors) {
      if (vector.isNull(row)) {
        return true;
      }
    }
    return false;
  }

  static byte[] key(KeyCodec codec, FieldVector[] keys, int row, RowBuffer out) {
    out.clear();
    codec.write(keys, row, out);
    return out.copy();
  }
}
