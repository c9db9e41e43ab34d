package dev.kelda.feature.serving;

import static java.util.Objects.requireNonNull;

import dev.kelda.feature.online.Found;
import dev.kelda.feature.online.OnlineCatalog;
import dev.kelda.feature.online.OnlineView;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.PlannedFunction;
import dev.kelda.spi.extension.StatementContext;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.TimeStampVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.StructVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/**
 * {@code ONLINE_ROW('view', key, …)}: what the view has for a key, as a ROW of all other columns;
 * NULL when there is nothing. {@code ONLINE_ROW_AT('view', instant, key, …)}: as seen then.
 */
final class OnlineRowFunction implements PlannedFunction {
  private final OnlineCatalog catalog;
  private final Lookups lookups;
  private final boolean withInstant;

  /** What bindings mean; one a version of a view, and few. */
  private final Map<String, OnlineView> bound = new ConcurrentHashMap<>();

  OnlineRowFunction(OnlineCatalog catalog, Lookups lookups, boolean withInstant) {
    this.catalog = requireNonNull(catalog, "catalog is null");
    this.lookups = requireNonNull(lookups, "lookups is null");
    this.withInstant = withInstant;
  }

  @Override
  public String id() {
    return withInstant ? "feature.online_row_at" : "feature.online_row";
  }

  @Override
  public List<String> names() {
    return List.of(withInstant ? "ONLINE_ROW_AT" : "ONLINE_ROW");
  }

  @Override
  public String syntax() {
    return withInstant ? "ONLINE_ROW_AT(view, instant, key, …)" : "ONLINE_ROW(view, key, …)";
  }

  @Override
  public String description() {
    return withInstant
        ? "What an online view has for a key, as it is seen at an instant; NULL when nothing."
        : "What an online view has for a key; NULL when nothing.";
  }

  @Override
  public Arity arity() {
    return new Arity(firstKey(), -1);
  }

  /** Ordinal of the first key among all arguments. */
  private int firstKey() {
    return withInstant ? 2 : 1;
  }

  @Override
  public boolean isStable() {
    return false;
  }

  @Override
  public Bound bind(Call call) {
    String name =
        Optional.ofNullable(call.constants().get(0))
            .flatMap(Scalar::value)
            .filter(String.class::isInstance)
            .map(String.class::cast)
            .orElseThrow(
                () ->
                    new KeldaException(
                        ErrorCode.INVALID_ARGUMENT,
                        names().getFirst() + " takes the name of a view as a text, such as 'v'"));
    OnlineView view = catalog.view(call.caller(), QuotedNames.parts(name));
    List<Field> key = view.layout().keyFields();
    if (call.arguments().size() != firstKey() + key.size()) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "the key of \"%s\" has %d columns (%s), not %d"
              .formatted(
                  name,
                  key.size(),
                  String.join(", ", key.stream().map(Field::getName).toList()),
                  call.arguments().size() - firstKey()));
    }
    List<Optional<Field>> types = new ArrayList<>();
    types.add(Optional.empty());
    if (withInstant) {
      types.add(Optional.of(Field.nullable("at", instantType(call.arguments().get(1)))));
    }
    key.forEach(field -> types.add(Optional.of(field)));
    String binding = view.id() + "#" + Integer.toHexString(view.layout().fingerprint().hashCode());
    bound.put(binding, view);
    return new Bound(
        new Field("row", FieldType.nullable(ArrowType.Struct.INSTANCE), fields(view)),
        binding,
        types,
        List.of(0),
        () -> version(call.caller(), name));
  }

  private String version(Caller caller, String name) {
    OnlineView now = catalog.view(caller, QuotedNames.parts(name));
    return now.id() + now.layout().fingerprint();
  }

  // A column without a time zone has the clock of UTC, as everywhere online.
  private static ArrowType instantType(Field given) {
    return given.getType() instanceof ArrowType.Timestamp t && t.getTimezone() != null
        ? CanonicalTypes.TIMESTAMP_TZ
        : CanonicalTypes.TIMESTAMP;
  }

  private static List<Field> fields(OnlineView view) {
    return values(view).stream().map(view.layout().columns().getFields()::get).toList();
  }

  /** Ordinals of the columns that are not of the key. */
  private static List<Integer> values(OnlineView view) {
    int[] keys = view.layout().keys();
    return OnlineTable.all(view).stream()
        .filter(column -> IntStream.of(keys).noneMatch(key -> key == column))
        .toList();
  }

  @Override
  public FieldVector evaluate(
      String binding,
      VectorSchemaRoot arguments,
      BufferAllocator allocator,
      StatementContext context) {
    OnlineView view = bound.get(binding);
    StructVector result = StructVector.empty("row", allocator);
    try {
      result.initializeChildrenFromFields(fields(view));
      result.allocateNew();
      List<FieldVector> keys =
          arguments.getFieldVectors().subList(firstKey() - 1, arguments.getFieldVectors().size());
      if (withInstant) {
        each((TimeStampVector) arguments.getVector(0), keys, view, result);
      } else {
        fill(lookups.find(view, keys, arguments.getRowCount(), lookups.now()), view, result, 0);
      }
      result.setValueCount(arguments.getRowCount());
      return result;
    } catch (RuntimeException e) {
      result.close();
      throw e;
    }
  }

  /** Runs of rows with one instant are looked up at once. */
  private void each(
      TimeStampVector instants, List<FieldVector> keys, OnlineView view, StructVector result) {
    int rows = instants.getValueCount();
    for (int from = 0; from < rows; ) {
      int to = from + 1;
      while (to < rows
          && instants.isNull(to) == instants.isNull(from)
          && (instants.isNull(to) || instants.get(to) == instants.get(from))) {
        to++;
      }
      if (!instants.isNull(from)) {
        Instant at = Instant.EPOCH.plus(instants.get(from), ChronoUnit.MICROS);
        List<FieldVector> some = new ArrayList<>();
        try {
          for (FieldVector key : keys) {
            var pair = key.getTransferPair(key.getAllocator());
            pair.splitAndTransfer(from, to - from);
            some.add((FieldVector) pair.getTo());
          }
          fill(lookups.find(view, some, to - from, at), view, result, from);
        } finally {
          some.forEach(FieldVector::close);
        }
      }
      from = to;
    }
  }

  private static void fill(Found found, OnlineView view, StructVector result, int first) {
    List<Integer> columns = values(view);
    for (int i = 0; i < found.size(); i++) {
      if (found.isPresent(i)) {
        result.setIndexDefined(first + i);
        for (int column = 0; column < columns.size(); column++) {
          FieldVector into = (FieldVector) result.getChildByOrdinal(column);
          found.read(i, columns.get(column), into, first + i);
        }
      }
    }
  }
}
