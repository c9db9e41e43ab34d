package dev.kelda.executor.wire;

import dev.kelda.planner.proto.DataType;
import dev.kelda.spi.connector.CanonicalTypes;
import java.util.List;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** Columns as native describes them. */
public final class Fields {
  private Fields() {}

  public static Schema schema(List<dev.kelda.planner.proto.Field> columns) {
    return new Schema(columns.stream().map(Fields::field).toList());
  }

  public static Field field(dev.kelda.planner.proto.Field field) {
    return field(field.getName(), field.getType(), field.getNullable());
  }

  static ArrowType type(DataType type) {
    return field("", type, true).getType();
  }

  private static Field field(String name, DataType type, boolean nullable) {
    return switch (type.getKindCase()) {
      case SIMPLE -> field(name, simple(type.getSimple()), nullable, List.of());
      case DECIMAL ->
          field(
              name,
              CanonicalTypes.decimal(
                  type.getDecimal().getPrecision(), type.getDecimal().getScale()),
              nullable,
              List.of());
      case TIMESTAMP -> field(name, timestamp(type.getTimestamp()), nullable, List.of());
      case LIST -> field(name, ArrowType.List.INSTANCE, nullable, List.of(field(type.getList())));
      case FIXED_SIZE_LIST ->
          field(
              name,
              new ArrowType.FixedSizeList(type.getFixedSizeList().getSize()),
              nullable,
              List.of(field(type.getFixedSizeList().getElement())));
      case STRUCT ->
          field(
              name,
              ArrowType.Struct.INSTANCE,
              nullable,
              type.getStruct().getFieldsList().stream().map(Fields::field).toList());
      case MAP -> {
        Field entries =
            field(
                "entries",
                ArrowType.Struct.INSTANCE,
                false,
                List.of(field(type.getMap().getKey()), field(type.getMap().getValue())));
        yield field(name, new ArrowType.Map(false), nullable, List.of(entries));
      }
      case FIXED_SIZE_BINARY ->
          field(
              name, new ArrowType.FixedSizeBinary(type.getFixedSizeBinary()), nullable, List.of());
      case KIND_NOT_SET -> throw new IllegalArgumentException("a type without a kind: " + name);
    };
  }

  private static ArrowType simple(DataType.Simple simple) {
    return switch (simple) {
      case NULL -> CanonicalTypes.NULL;
      case BOOL -> CanonicalTypes.BOOL;
      case INT8 -> CanonicalTypes.INT8;
      case INT16 -> CanonicalTypes.INT16;
      case INT32 -> CanonicalTypes.INT32;
      case INT64 -> CanonicalTypes.INT64;
      case FLOAT32 -> CanonicalTypes.FLOAT32;
      case FLOAT64 -> CanonicalTypes.FLOAT64;
      case UTF8 -> CanonicalTypes.UTF8;
      case BINARY -> CanonicalTypes.BINARY;
      case DATE32 -> CanonicalTypes.DATE32;
      case TIME64_MICRO -> CanonicalTypes.TIME64;
      case INTERVAL_YEAR_MONTH -> CanonicalTypes.INTERVAL_YEAR_MONTH;
      case INTERVAL_MONTH_DAY_NANO -> CanonicalTypes.INTERVAL_MONTH_DAY_NANO;
      case SIMPLE_UNSPECIFIED, UNRECOGNIZED ->
          throw new IllegalArgumentException("an unknown type: " + simple);
    };
  }

  private static ArrowType timestamp(DataType.Timestamp timestamp) {
    if (timestamp.getNanos()) {
      return timestamp.getZoned()
          ? CanonicalTypes.TIMESTAMP_TZ_NANOS
          : CanonicalTypes.TIMESTAMP_NANOS;
    }
    return timestamp.getZoned() ? CanonicalTypes.TIMESTAMP_TZ : CanonicalTypes.TIMESTAMP;
  }

  private static Field field(String name, ArrowType type, boolean nullable, List<Field> children) {
    return new Field(name, new FieldType(nullable, type, null), children);
  }
}
