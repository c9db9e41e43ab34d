package dev.kelda.feature.online;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;

/** What a lookup of keys found, one after the other. Immutable. */
public final class Found {
  private final ViewLayout layout;
  private final List<byte[]> keys;
  private final byte[][] histories;
  private final int[] rows;
  private final int[] present; // where the columns of the row begin; -1 = it is not present

  /** What was found of a key. */
  public enum Status {
    PRESENT,
    /** There is no such key, or no row of it that can be seen at the instant. */
    NOT_FOUND,
    /** The row is older than the view's time to live. */
    EXPIRED
  }

  /**
   * @param keys no bytes for a key with a NULL in it
   * @param histories parallel to the keys
   */
  Found(ViewLayout layout, List<byte[]> keys, byte[][] histories, History.Moment at) {
    this.layout = requireNonNull(layout, "layout is null");
    this.keys = keys;
    this.histories = histories;
    this.rows = new int[histories.length];
    this.present = new int[histories.length];
    History history = new History(layout);
    for (int i = 0; i < rows.length; i++) {
      rows[i] = history.find(histories[i], at);
      boolean seen = rows[i] >= 0 && !history.isExpired(histories[i], rows[i], at);
      present[i] = seen ? rows[i] + History.HEADER : -1;
    }
  }

  public int size() {
    return rows.length;
  }

  public Status status(int index) {
    return rows[index] < 0 ? Status.NOT_FOUND : isPresent(index) ? Status.PRESENT : Status.EXPIRED;
  }

  public boolean isPresent(int index) {
    return present[index] >= 0;
  }

  /** The event time of a row, expired or not; empty when there is none. */
  public Optional<Instant> eventTime(int index) {
    return rows[index] < 0
        ? Optional.empty()
        : Optional.of(layout.eventColumn().instant(History.event(histories[index], rows[index])));
  }

  /** Reads all columns of the rows that can be seen, expired ones too, into an empty root. */
  void fill(VectorSchemaRoot into) {
    into.allocateNew();
    int row = 0;
    for (int index = 0; index < rows.length; index++) {
      if (rows[index] >= 0) {
        for (int column = 0; column < into.getFieldVectors().size(); column++) {
          read(index, column, into.getVector(column), row);
        }
        row++;
      }
    }
    into.setRowCount(row);
  }

  /**
   * Reads a column of a row that is present.
   *
   * @param column its ordinal in the view
   * @param to a vector of the column's type; its row is NULL so far, and stays so for a NULL
   */
  public void read(int index, int column, FieldVector to, int row) {
    byte[] history = histories[index];
    int start = rows[index];
    ViewLayout.Source source = layout.source(column);
    switch (source.kind()) {
      case KEY -> layout.keyCodec().readPart(keys.get(index), source.index(), to, row);
      case EVENT -> layout.eventColumn().write(History.event(history, start), to, row);
      case KNOWN ->
          layout.knownColumn().orElseThrow().write(History.known(history, start), to, row);
      case VALUE ->
          layout.rowCodec().read(history, start + History.HEADER, source.index(), to, row);
    }
  }

  /**
   * Reads a column of all rows that are present, each into the row of its key.
   *
   * @param column its ordinal in the view
   * @param to a vector of the column's type; all its rows are NULL so far
   */
  public void readAll(int column, FieldVector to) {
    ViewLayout.Source source = layout.source(column);
    if (source.kind() == ViewLayout.Source.Kind.VALUE) {
      layout.rowCodec().readAll(histories, present, source.index(), to);
      return;
    }
    for (int index = 0; index < present.length; index++) {
      if (isPresent(index)) {
        read(index, column, to, index);
      }
    }
  }
}
