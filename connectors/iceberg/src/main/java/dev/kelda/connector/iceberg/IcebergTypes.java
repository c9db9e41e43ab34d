package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.iceberg.Schema;
import org.apache.iceberg.expressions.Literal;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

/** Iceberg types to canonical Arrow types and back. */
final class IcebergTypes {
  private IcebergTypes() {}

  /**
   * @throws KeldaException NOT_SUPPORTED for a type of format version 3 that Kelda does not read
   *     yet
   */
  static org.apache.arrow.vector.types.pojo.Schema toArrow(String table, Schema schema) {
    return new org.apache.arrow.vector.types.pojo.Schema(
        schema.columns().stream().map(column -> field(table, column)).toList());
  }

  private static Field field(String table, Types.NestedField column) {
    Map<String, String> metadata =
        column.doc() == null ? Map.of() : Map.of("comment", column.doc());
    return field(table, column.name(), column.type(), column.isOptional(), metadata);
  }

  private static Field field(
      String table, String name, Type type, boolean nullable, Map<String, String> metadata) {
    List<Field> children =
        switch (type.typeId()) {
          case STRUCT ->
              type.asStructType().fields().stream().map(child -> field(table, child)).toList();
          case LIST -> {
            Types.ListType list = type.asListType();
            yield List.of(
                field(table, "element", list.elementType(), list.isElementOptional(), Map.of()));
          }
          case MAP -> List.of(entries(table, type.asMapType()));
          default -> List.of();
        };
    FieldType arrow = new FieldType(nullable, arrowType(table, name, type), null, metadata);
    return new Field(name, arrow, children);
  }

  private static Field entries(String table, Types.MapType map) {
    List<Field> children =
        List.of(
            field(table, "key", map.keyType(), false, Map.of()),
            field(table, "value", map.valueType(), map.isValueOptional(), Map.of()));
    return new Field("entries", new FieldType(false, ArrowType.Struct.INSTANCE, null), children);
  }

  /** The Arrow type of one Iceberg type; children of nested types are the field's. */
  static ArrowType arrowType(String table, String column, Type type) {
    return switch (type) {
      case Types.BooleanType ignored -> CanonicalTypes.BOOL;
      case Types.IntegerType ignored -> CanonicalTypes.INT32;
      case Types.LongType ignored -> CanonicalTypes.INT64;
      case Types.FloatType ignored -> CanonicalTypes.FLOAT32;
      case Types.DoubleType ignored -> CanonicalTypes.FLOAT64;
      case Types.DecimalType d -> CanonicalTypes.decimal(d.precision(), d.scale());
      case Types.DateType ignored -> CanonicalTypes.DATE32;
      case Types.TimeType ignored -> CanonicalTypes.TIME64;
      case Types.TimestampType t ->
          t.shouldAdjustToUTC() ? CanonicalTypes.TIMESTAMP_TZ : CanonicalTypes.TIMESTAMP;
      case Types.TimestampNanoType t ->
          t.shouldAdjustToUTC()
              ? CanonicalTypes.TIMESTAMP_TZ_NANOS
              : CanonicalTypes.TIMESTAMP_NANOS;
      case Types.StringType ignored -> CanonicalTypes.UTF8;
      case Types.UUIDType ignored -> new ArrowType.FixedSizeBinary(16);
      case Types.FixedType f -> new ArrowType.FixedSizeBinary(f.length());
      case Types.BinaryType ignored -> CanonicalTypes.BINARY;
      case Types.StructType ignored -> ArrowType.Struct.INSTANCE;
      case Types.ListType ignored -> ArrowType.List.INSTANCE;
      case Types.MapType ignored -> new ArrowType.Map(false);
      default ->
          throw new KeldaException(
              ErrorCode.NOT_SUPPORTED,
              "column \""
                  + column
                  + "\" of table "
                  + table
                  + " has the Iceberg type "
                  + type
                  + ", which Kelda does not read yet");
    };
  }

  /**
   * A schema for a new table; its ids are unique but provisional (Iceberg assigns the final ones).
   *
   * @throws KeldaException NOT_SUPPORTED for a type that Iceberg cannot store
   */
  static Schema toIceberg(
      org.apache.arrow.vector.types.pojo.Schema schema, Map<String, Scalar> defaults) {
    AtomicInteger ids = new AtomicInteger();
    return new Schema(
        schema.getFields().stream()
            .map(field -> nestedField(field, ids))
            .map(field -> withDefault(field, defaults.get(field.name())))
            .toList());
  }

  private static Types.NestedField withDefault(Types.NestedField field, Scalar value) {
    if (value == null || value.value().isEmpty()) {
      return field;
    }
    Literal<?> literal = Values.literal(field.name(), field.type(), value);
    return Types.NestedField.from(field)
        .withInitialDefault(literal)
        .withWriteDefault(literal)
        .build();
  }

  /** A type for a column of an existing table; Iceberg assigns the ids of nested fields. */
  static Type toIceberg(Field field) {
    return icebergType(field, new AtomicInteger());
  }

  /** Whether a new table needs format version 3 for these columns. */
  static boolean needsVersion3(Field field) {
    boolean nanos =
        field.getType() instanceof ArrowType.Timestamp t && t.getUnit() == TimeUnit.NANOSECOND;
    return nanos || field.getChildren().stream().anyMatch(IcebergTypes::needsVersion3);
  }

  private static Types.NestedField nestedField(Field field, AtomicInteger ids) {
    int id = ids.incrementAndGet();
    String comment = field.getMetadata().get("comment");
    return Types.NestedField.of(
        id, field.isNullable(), field.getName(), icebergType(field, ids), comment);
  }

  private static Type icebergType(Field field, AtomicInteger ids) {
    return switch (field.getType()) {
      case ArrowType.Bool ignored -> Types.BooleanType.get();
      case ArrowType.Int i when i.getBitWidth() <= 32 -> Types.IntegerType.get();
      case ArrowType.Int ignored -> Types.LongType.get();
      case ArrowType.FloatingPoint f when f.equals(CanonicalTypes.FLOAT64) ->
          Types.DoubleType.get();
      case ArrowType.FloatingPoint ignored -> Types.FloatType.get();
      case ArrowType.Decimal d -> Types.DecimalType.of(d.getPrecision(), d.getScale());
      case ArrowType.Utf8 ignored -> Types.StringType.get();
      case ArrowType.Binary ignored -> Types.BinaryType.get();
      case ArrowType.FixedSizeBinary f -> Types.FixedType.ofLength(f.getByteWidth());
      case ArrowType.Date ignored -> Types.DateType.get();
      case ArrowType.Time ignored -> Types.TimeType.get();
      case ArrowType.Timestamp t -> timestamp(t);
      case ArrowType.List ignored -> list(field, ids);
      case ArrowType.FixedSizeList ignored -> list(field, ids);
      case ArrowType.Struct ignored -> {
        List<Types.NestedField> fields = new ArrayList<>();
        field.getChildren().forEach(child -> fields.add(nestedField(child, ids)));
        yield Types.StructType.of(fields);
      }
      case ArrowType.Map ignored -> map(field.getChildren().getFirst(), ids);
      case ArrowType.Null ignored ->
          throw new KeldaException(
              ErrorCode.NOT_SUPPORTED,
              "column \"" + field.getName() + "\" has no type: CAST its NULLs to one");
      default ->
          throw new KeldaException(
              ErrorCode.NOT_SUPPORTED,
              "column \"" + field.getName() + "\": Iceberg has no type for " + field.getType());
    };
  }

  private static Type timestamp(ArrowType.Timestamp type) {
    boolean zoned = type.getTimezone() != null;
    if (type.getUnit() == TimeUnit.NANOSECOND) {
      return zoned ? Types.TimestampNanoType.withZone() : Types.TimestampNanoType.withoutZone();
    }
    return zoned ? Types.TimestampType.withZone() : Types.TimestampType.withoutZone();
  }

  private static Type list(Field field, AtomicInteger ids) {
    Field element = field.getChildren().getFirst();
    int id = ids.incrementAndGet();
    Type type = icebergType(element, ids);
    return element.isNullable()
        ? Types.ListType.ofOptional(id, type)
        : Types.ListType.ofRequired(id, type);
  }

  private static Type map(Field entries, AtomicInteger ids) {
    int keyId = ids.incrementAndGet();
    int valueId = ids.incrementAndGet();
    Type key = icebergType(entries.getChildren().get(0), ids);
    Field valueField = entries.getChildren().get(1);
    Type value = icebergType(valueField, ids);
    return valueField.isNullable()
        ? Types.MapType.ofOptional(keyId, valueId, key, value)
        : Types.MapType.ofRequired(keyId, valueId, key, value);
  }
}
