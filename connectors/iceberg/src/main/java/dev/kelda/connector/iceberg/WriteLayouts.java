package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.ColumnTransform;
import dev.kelda.spi.connector.Procedure;
import dev.kelda.spi.connector.SortKey;
import dev.kelda.spi.connector.TableWrite.Distribution;
import dev.kelda.spi.connector.TableWrite.Layout;
import dev.kelda.spi.connector.TableWrite.SortField;
import dev.kelda.spi.connector.TableWrite.Transform;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.iceberg.NullOrder;
import org.apache.iceberg.PartitionData;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SortDirection;
import org.apache.iceberg.SortOrder;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.types.Conversions;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

/** Partition specs and sort orders for the native writer, and partition values back from it. */
final class WriteLayouts {
  private static final Pattern WITH_PARAMETER = Pattern.compile("(bucket|truncate)\\[(\\d+)]");

  private WriteLayouts() {}

  static Layout of(Table table) {
    PartitionSpec spec = table.spec();
    List<Transform> partition =
        spec.fields().stream()
            .map(f -> transform(table.schema(), f.sourceId(), f.transform().toString()))
            .toList();
    return new Layout(partition, distribution(table), sort(table.schema(), table.sortOrder()));
  }

  /** In the table's sort order throughout: each file holds a range of it. */
  static Layout sorted(Table table) {
    return new Layout(
        of(table).partition(), Distribution.ONE_WRITER, sort(table.schema(), table.sortOrder()));
  }

  /**
   * In another order.
   *
   * @throws KeldaException COLUMN_NOT_FOUND; INVALID_ARGUMENT for an order that cannot be
   */
  static Layout sorted(Table table, Procedure.SortOrder order) {
    List<SortField> sort =
        order.zOrder()
            ? List.of(new SortField(zOrder(table.schema(), order.keys()), false, true))
            : sort(table.schema(), Layouts.sortOrder(table.schema(), order.keys()));
    return new Layout(of(table).partition(), Distribution.ONE_WRITER, sort);
  }

  private static Transform zOrder(Schema schema, List<SortKey> keys) {
    List<Integer> columns = new ArrayList<>();
    for (SortKey key : keys) {
      boolean plain =
          key.term().function() == ColumnTransform.Function.IDENTITY
              && key.term().column().size() == 1;
      Types.NestedField field = schema.findField(Layouts.column(schema, key.term().column()));
      if (!plain || !field.type().isPrimitiveType()) {
        throw new KeldaException(
            ErrorCode.INVALID_ARGUMENT,
            "zorder takes plain columns of simple types, not " + key.term());
      }
      columns.add(schema.columns().indexOf(field));
    }
    if (columns.isEmpty()) {
      throw new KeldaException(ErrorCode.INVALID_ARGUMENT, "zorder needs columns");
    }
    return new Transform(Transform.Kind.Z_ORDER, 0, columns);
  }

  private static List<SortField> sort(Schema schema, SortOrder order) {
    return order.fields().stream()
        .map(
            f ->
                new SortField(
                    transform(schema, f.sourceId(), f.transform().toString()),
                    f.direction() == SortDirection.DESC,
                    f.nullOrder() == NullOrder.NULLS_FIRST))
        .toList();
  }

  private static Distribution distribution(Table table) {
    String mode =
        table
            .properties()
            .getOrDefault(
                TableProperties.WRITE_DISTRIBUTION_MODE,
                TableProperties.WRITE_DISTRIBUTION_MODE_HASH);
    return switch (mode) {
      case TableProperties.WRITE_DISTRIBUTION_MODE_NONE -> Distribution.ANY;
      case TableProperties.WRITE_DISTRIBUTION_MODE_HASH -> Distribution.BY_PARTITION;
      case TableProperties.WRITE_DISTRIBUTION_MODE_RANGE ->
          table.sortOrder().isSorted() ? Distribution.ONE_WRITER : Distribution.BY_PARTITION;
      default ->
          throw new KeldaException(
              ErrorCode.INVALID_ARGUMENT,
              TableProperties.WRITE_DISTRIBUTION_MODE
                  + " = '"
                  + mode
                  + "': use none, hash or range");
    };
  }

  private static Transform transform(Schema schema, int sourceId, String text) {
    List<Integer> path =
        path(schema.asStruct(), sourceId)
            .orElseThrow(() -> unsupported("a transform of a field that is gone: " + text));
    Matcher matcher = WITH_PARAMETER.matcher(text);
    boolean parameter = matcher.matches();
    String kind = (parameter ? matcher.group(1) : text).toUpperCase(Locale.ROOT);
    for (Transform.Kind known : Transform.Kind.values()) {
      if (known.name().equals(kind)) {
        return new Transform(known, parameter ? Integer.parseInt(matcher.group(2)) : 0, path);
      }
    }
    throw unsupported("writing tables with the transform " + text);
  }

  private static Optional<List<Integer>> path(Types.StructType struct, int id) {
    for (int i = 0; i < struct.fields().size(); i++) {
      Types.NestedField field = struct.fields().get(i);
      if (field.fieldId() == id) {
        return Optional.of(List.of(i));
      }
      if (field.type().isStructType()) {
        Optional<List<Integer>> below = path(field.type().asStructType(), id);
        if (below.isPresent()) {
          List<Integer> path = new ArrayList<>(List.of(i));
          path.addAll(below.get());
          return Optional.of(path);
        }
      }
    }
    return Optional.empty();
  }

  /** The values that the native writer gave a file, as the spec's partition. */
  static PartitionData partition(PartitionSpec spec, List<Optional<byte[]>> values) {
    PartitionData data = new PartitionData(spec.partitionType());
    for (int i = 0; i < values.size(); i++) {
      Type type = spec.partitionType().fields().get(i).type();
      Object value =
          values.get(i).map(b -> Conversions.fromByteBuffer(type, ByteBuffer.wrap(b))).orElse(null);
      data.set(i, value instanceof CharSequence text ? text.toString() : value);
    }
    return data;
  }

  private static KeldaException unsupported(String what) {
    return new KeldaException(ErrorCode.NOT_SUPPORTED, what + " is not supported");
  }
}
