package dev.kelda.feature.online;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.Timeline;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.rows.TypeNames;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * How one version of a view lies in the online store: which of its columns are the key, which the
 * times, and how rows become bytes. Immutable.
 *
 * <pre>
 * row of the view --key--> bytes in the order of SQL
 *                 --value--> event time, known-at, the other columns
 * </pre>
 */
public final class ViewLayout {
  private final String view;
  private final Schema columns;
  private final Timeline timeline;
  private final int[] keys;
  private final int event;
  private final int known;
  private final int[] values;
  private final KeyCodec keyCodec;
  private final RowCodec rowCodec;
  private final ContentOrder order;
  private final TimeColumn eventColumn;
  private final Optional<TimeColumn> knownColumn;
  private final String fingerprint;
  private final Source[] sources;

  private ViewLayout(String view, Schema columns, Timeline timeline) {
    this.view = requireNonNull(view, "view is null");
    this.columns = requireNonNull(columns, "columns is null");
    this.timeline = requireNonNull(timeline, "timeline is null");
    this.keys = timeline.primaryKey().stream().mapToInt(this::ordinal).toArray();
    this.event = ordinal(timeline.eventTime());
    this.known = timeline.knownAt().map(this::ordinal).orElse(-1);
    this.values =
        IntStream.range(0, columns.getFields().size())
            .filter(i -> i != event && i != known && IntStream.of(keys).noneMatch(k -> k == i))
            .toArray();
    for (int key : keys) {
      requireKey(columns.getFields().get(key));
    }
    this.keyCodec = new KeyCodec(fields(keys));
    this.rowCodec = new RowCodec(fields(values));
    this.order = new ContentOrder(rowCodec, fields(values));
    this.eventColumn = time(columns.getFields().get(event));
    this.knownColumn =
        known < 0 ? Optional.empty() : Optional.of(time(columns.getFields().get(known)));
    this.sources =
        IntStream.range(0, columns.getFields().size()).mapToObj(this::find).toArray(Source[]::new);
    this.fingerprint = columns.toJson().replaceAll("\\s+", "") + timeline;
  }

  /**
   * @param view unique for a view and its version; names it in messages
   * @param columns the view's row, in canonical types
   * @throws KeldaException NOT_SUPPORTED when a key or a time has a type that cannot be looked up
   */
  public static ViewLayout of(String view, Schema columns, Timeline timeline) {
    return new ViewLayout(view, columns, timeline);
  }

  public String view() {
    return view;
  }

  public Schema columns() {
    return columns;
  }

  public Timeline timeline() {
    return timeline;
  }

  /** The key's columns, in its order. */
  public List<Field> keyFields() {
    return fields(keys);
  }

  /** Ordinals of the key's columns. */
  public int[] keys() {
    return keys.clone();
  }

  /** Changes when rows are laid out otherwise: what was stored before cannot be read then. */
  public String fingerprint() {
    return fingerprint;
  }

  TimeColumn eventColumn() {
    return eventColumn;
  }

  Optional<TimeColumn> knownColumn() {
    return knownColumn;
  }

  ContentOrder order() {
    return order;
  }

  /** A column without which a row can never be seen, and which it has not got. */
  public Optional<String> missing(VectorSchemaRoot batch, int row) {
    return IntStream.concat(IntStream.of(keys), IntStream.of(event, known))
        .filter(column -> column >= 0 && batch.getVector(column).isNull(row))
        .mapToObj(column -> columns.getFields().get(column).getName())
        .findFirst();
  }

  int event() {
    return event;
  }

  /** -1 when the view has none. */
  int known() {
    return known;
  }

  /** Ordinals of what is neither key nor time. */
  int[] values() {
    return values.clone();
  }

  RowCodec rowCodec() {
    return rowCodec;
  }

  KeyCodec keyCodec() {
    return keyCodec;
  }

  /**
   * How an output column is filled.
   *
   * @param index of the key's part or of the value; 0 for the times
   */
  record Source(Kind kind, int index) {
    enum Kind {
      KEY,
      EVENT,
      KNOWN,
      VALUE
    }
  }

  Source source(int column) {
    return sources[column];
  }

  private Source find(int column) {
    if (column == event) {
      return new Source(Source.Kind.EVENT, 0);
    }
    if (column == known) {
      return new Source(Source.Kind.KNOWN, 0);
    }
    for (int i = 0; i < keys.length; i++) {
      if (keys[i] == column) {
        return new Source(Source.Kind.KEY, i);
      }
    }
    for (int i = 0; i < values.length; i++) {
      if (values[i] == column) {
        return new Source(Source.Kind.VALUE, i);
      }
    }
    throw new IllegalArgumentException("no column " + column);
  }

  private int ordinal(String name) {
    List<Field> fields = columns.getFields();
    for (int i = 0; i < fields.size(); i++) {
      if (fields.get(i).getName().equals(name)) {
        return i;
      }
    }
    throw new KeldaException(
        ErrorCode.COLUMN_NOT_FOUND, "view \"%s\" has no column \"%s\"".formatted(view, name));
  }

  private List<Field> fields(int[] ordinals) {
    List<Field> fields = new ArrayList<>();
    for (int ordinal : ordinals) {
      fields.add(columns.getFields().get(ordinal));
    }
    return fields;
  }

  private void requireKey(Field field) {
    if (!KeyCodec.supports(field.getType())) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "view \"%s\" cannot be online: its key column \"%s\" is %s"
              .formatted(view, field.getName(), TypeNames.of(field)));
    }
  }

  private TimeColumn time(Field field) {
    if (!TimeColumn.supports(field.getType())) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "view \"%s\" cannot be online: its time column \"%s\" is %s, not a TIMESTAMP or DATE"
              .formatted(view, field.getName(), TypeNames.of(field)));
    }
    return TimeColumn.of(field.getType());
  }
}
