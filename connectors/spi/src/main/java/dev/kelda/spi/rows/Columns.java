package dev.kelda.spi.rows;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.connector.CanonicalTypes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A table of {@code T}s: for each column its name, its type and where its value comes from.
 * Immutable; each method returns a longer list.
 */
public final class Columns<T> {
  private record Column<T>(Field field, Function<T, Optional<?>> value) {}

  private final List<Column<T>> columns;

  private Columns(List<Column<T>> columns) {
    this.columns = List.copyOf(columns);
  }

  public static <T> Columns<T> of(Class<T> rows) {
    requireNonNull(rows, "rows is null");
    return new Columns<>(List.of());
  }

  public Columns<T> text(String name, Function<T, String> value) {
    return with(name, CanonicalTypes.UTF8, false, value.andThen(Optional::of));
  }

  public Columns<T> optionalText(String name, Function<T, Optional<String>> value) {
    return with(name, CanonicalTypes.UTF8, true, value::apply);
  }

  public Columns<T> number(String name, Function<T, Long> value) {
    return with(name, CanonicalTypes.INT64, false, value.andThen(Optional::of));
  }

  public Columns<T> optionalNumber(String name, Function<T, OptionalLong> value) {
    return with(
        name,
        CanonicalTypes.INT64,
        true,
        value.andThen(v -> v.isPresent() ? Optional.of(v.getAsLong()) : Optional.empty()));
  }

  /** An INTEGER column. */
  public Columns<T> integer(String name, Function<T, Integer> value) {
    return with(name, CanonicalTypes.INT32, false, value.andThen(Optional::of));
  }

  public Columns<T> decimalNumber(String name, Function<T, Double> value) {
    return with(name, CanonicalTypes.FLOAT64, false, value.andThen(Optional::of));
  }

  public Columns<T> optionalDecimal(String name, Function<T, OptionalDouble> value) {
    return with(
        name,
        CanonicalTypes.FLOAT64,
        true,
        value.andThen(v -> v.isPresent() ? Optional.of(v.getAsDouble()) : Optional.empty()));
  }

  public Columns<T> truth(String name, Function<T, Boolean> value) {
    return with(name, CanonicalTypes.BOOL, false, value.andThen(Optional::of));
  }

  public Columns<T> instant(String name, Function<T, Instant> value) {
    return with(name, CanonicalTypes.TIMESTAMP_TZ, false, value.andThen(Optional::of));
  }

  public Columns<T> optionalInstant(String name, Function<T, Optional<Instant>> value) {
    return with(name, CanonicalTypes.TIMESTAMP_TZ, true, value::apply);
  }

  public Schema schema() {
    return new Schema(columns.stream().map(Column::field).toList());
  }

  /** All columns of the rows. The caller closes the reader. */
  public ArrowReader reader(BufferAllocator allocator, List<T> rows) {
    return reader(allocator, rows, IntStream.range(0, columns.size()).boxed().toList());
  }

  /**
   * @param projection ordinals of the wanted columns, in output order; may be empty
   */
  public ArrowReader reader(BufferAllocator allocator, List<T> rows, List<Integer> projection) {
    List<Column<T>> wanted = projection.stream().map(columns::get).toList();
    List<Function<T, Optional<?>>> values = new ArrayList<>();
    wanted.forEach(column -> values.add(column.value()));
    return new RowsReader<>(
        allocator, new Schema(wanted.stream().map(Column::field).toList()), values, rows);
  }

  private Columns<T> with(
      String name, ArrowType type, boolean nullable, Function<T, Optional<?>> value) {
    List<Column<T>> longer = new ArrayList<>(columns);
    longer.add(new Column<>(new Field(name, new FieldType(nullable, type, null), null), value));
    return new Columns<>(longer);
  }
}
