package dev.kelda.connector.iceberg;

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
    List<SortField> sort =
        table.sortOrder().fields().stream()
            .map(
                f ->
                    new SortField(
                        transform(table.schema(), f.sourceId(), f.transform().toString()),
                        f.direction() == SortDirection.DESC,
                        f.nullOrder() == NullOrder.NULLS_FIRST))
            .toList();
    boolean cluster =
        !table
            .properties()
            .getOrDefault(TableProperties.WRITE_DISTRIBUTION_MODE, "hash")
            .equals(TableProperties.WRITE_DISTRIBUTION_MODE_NONE);
    return new Layout(partition, cluster, sort);
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
