package dev.kelda.planner.encode;

import dev.kelda.planner.proto.DataType;
import dev.kelda.planner.proto.DataType.Simple;
import dev.kelda.planner.validate.FixedSizeArrayType;
import dev.kelda.planner.validate.KeldaTypeFactory;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.calcite.rel.type.RelDataType;
import org.apache.calcite.rel.type.RelDataTypeField;
import org.apache.calcite.sql.type.SqlTypeName;

/** The one place where SQL types, Arrow types and the plan's types are mapped on each other. */
public final class Types {
  static final Field UTF8_FIELD = field("", CanonicalTypes.UTF8, false, List.of());
  static final Field INT64_FIELD = field("", CanonicalTypes.INT64, false, List.of());
  static final Field BOOL_FIELD = field("", CanonicalTypes.BOOL, true, List.of());

  private Types() {}

  /** The SQL type of a column. */
  public static RelDataType toSql(KeldaTypeFactory factory, Field field) {
    List<Field> children = field.getChildren();
    RelDataType type =
        switch (field.getType()) {
          case ArrowType.Null ignored -> factory.createSqlType(SqlTypeName.NULL);
          case ArrowType.Bool ignored -> factory.createSqlType(SqlTypeName.BOOLEAN);
          case ArrowType.Int i ->
              factory.createSqlType(
                  switch (i.getBitWidth()) {
                    case 8 -> SqlTypeName.TINYINT;
                    case 16 -> SqlTypeName.SMALLINT;
                    case 32 -> SqlTypeName.INTEGER;
                    default -> SqlTypeName.BIGINT;
                  });
          case ArrowType.FloatingPoint f ->
              factory.createSqlType(
                  f.equals(CanonicalTypes.FLOAT32) ? SqlTypeName.REAL : SqlTypeName.DOUBLE);
          case ArrowType.Decimal d ->
              factory.createSqlType(SqlTypeName.DECIMAL, d.getPrecision(), d.getScale());
          case ArrowType.Utf8 ignored -> factory.createSqlType(SqlTypeName.VARCHAR);
          case ArrowType.Binary ignored -> factory.createSqlType(SqlTypeName.VARBINARY);
          case ArrowType.FixedSizeBinary b -> factory.createFixedBinary(b.getByteWidth());
          case ArrowType.Date ignored -> factory.createSqlType(SqlTypeName.DATE);
          case ArrowType.Time ignored -> factory.createSqlType(SqlTypeName.TIME, 6);
          case ArrowType.Timestamp t ->
              factory.createSqlType(
                  t.getTimezone() == null
                      ? SqlTypeName.TIMESTAMP
                      : SqlTypeName.TIMESTAMP_WITH_LOCAL_TIME_ZONE,
                  t.getUnit() == TimeUnit.NANOSECOND ? 9 : 6);
          case ArrowType.Interval i ->
              factory.createInterval(i.equals(CanonicalTypes.INTERVAL_YEAR_MONTH));
          case ArrowType.List ignored ->
              factory.createArrayType(toSql(factory, children.getFirst()), -1);
          case ArrowType.FixedSizeList l ->
              factory.createFixedSizeArray(toSql(factory, children.getFirst()), l.getListSize());
          case ArrowType.Struct ignored ->
              factory.createStructType(
                  children.stream().map(c -> toSql(factory, c)).toList(),
                  children.stream().map(Field::getName).toList());
          case ArrowType.Map ignored -> {
            List<Field> entry = children.getFirst().getChildren();
            yield factory.createMapType(toSql(factory, entry.get(0)), toSql(factory, entry.get(1)));
          }
          default ->
              throw new KeldaException(
                  ErrorCode.NOT_SUPPORTED,
                  "column \"%s\" has type %s".formatted(field.getName(), field.getType()));
        };
    return factory.createTypeWithNullability(type, field.isNullable());
  }

  /** The Arrow field of a value of an SQL type. */
  public static Field toArrow(String name, RelDataType type) {
    return switch (type.getSqlTypeName()) {
      case ARRAY, MULTISET -> {
        Field element = nullable(toArrow("item", type.getComponentType()));
        ArrowType list =
            type instanceof FixedSizeArrayType fixed
                ? new ArrowType.FixedSizeList(fixed.size())
                : ArrowType.List.INSTANCE;
        yield field(name, list, type.isNullable(), List.of(element));
      }
      case MAP -> {
        Field key = toArrow("key", type.getKeyType());
        Field entries =
            field(
                "entries",
                ArrowType.Struct.INSTANCE,
                false,
                List.of(
                    field("key", key.getType(), false, key.getChildren()),
                    nullable(toArrow("value", type.getValueType()))));
        yield field(name, new ArrowType.Map(false), type.isNullable(), List.of(entries));
      }
      case ROW, STRUCTURED ->
          field(
              name,
              ArrowType.Struct.INSTANCE,
              type.isNullable(),
              type.getFieldList().stream()
                  .map(f -> nullable(toArrow(fieldName(f), f.getType())))
                  .toList());
      default -> field(name, simpleArrow(type), type.isNullable(), List.of());
    };
  }

  /** Calcite calls the fields of ROW(1, 'a') EXPR$0 and EXPR$1; PostgreSQL f1 and f2. */
  private static String fieldName(RelDataTypeField field) {
    String made = "EXPR$" + field.getIndex();
    return field.getName().equals(made) ? "f" + (field.getIndex() + 1) : field.getName();
  }

  private static ArrowType simpleArrow(RelDataType type) {
    return switch (type.getSqlTypeName()) {
      case NULL, UNKNOWN -> CanonicalTypes.NULL;
      case BOOLEAN -> CanonicalTypes.BOOL;
      case TINYINT -> CanonicalTypes.INT8;
      case SMALLINT, UTINYINT -> CanonicalTypes.INT16;
      case INTEGER, USMALLINT -> CanonicalTypes.INT32;
      case BIGINT, UINTEGER -> CanonicalTypes.INT64;
      case UBIGINT -> CanonicalTypes.decimal(20, 0);
      case REAL, FLOAT -> CanonicalTypes.FLOAT32;
      case DOUBLE -> CanonicalTypes.FLOAT64;
      case DECIMAL -> CanonicalTypes.decimal(type.getPrecision(), type.getScale());
      case CHAR, VARCHAR -> CanonicalTypes.UTF8;
      case VARBINARY -> CanonicalTypes.BINARY;
      case BINARY -> new ArrowType.FixedSizeBinary(type.getPrecision());
      case DATE -> CanonicalTypes.DATE32;
      case TIME -> CanonicalTypes.TIME64;
      case TIMESTAMP ->
          type.getPrecision() > 6 ? CanonicalTypes.TIMESTAMP_NANOS : CanonicalTypes.TIMESTAMP;
      case TIMESTAMP_WITH_LOCAL_TIME_ZONE, TIMESTAMP_TZ ->
          type.getPrecision() > 6 ? CanonicalTypes.TIMESTAMP_TZ_NANOS : CanonicalTypes.TIMESTAMP_TZ;
      case INTERVAL_YEAR, INTERVAL_YEAR_MONTH, INTERVAL_MONTH -> CanonicalTypes.INTERVAL_YEAR_MONTH;
      case INTERVAL_DAY,
          INTERVAL_DAY_HOUR,
          INTERVAL_DAY_MINUTE,
          INTERVAL_DAY_SECOND,
          INTERVAL_HOUR,
          INTERVAL_HOUR_MINUTE,
          INTERVAL_HOUR_SECOND,
          INTERVAL_MINUTE,
          INTERVAL_MINUTE_SECOND,
          INTERVAL_SECOND ->
          CanonicalTypes.INTERVAL_MONTH_DAY_NANO;
      default ->
          throw new KeldaException(ErrorCode.NOT_SUPPORTED, "type " + type + " is not supported");
    };
  }

  /** The plan's type of an SQL type. */
  public static DataType toProto(RelDataType type) {
    return toProto(toArrow("", type));
  }

  /** The plan's type of an Arrow field. */
  public static DataType toProto(Field field) {
    List<Field> children = field.getChildren();
    DataType.Builder to = DataType.newBuilder();
    switch (field.getType()) {
      case ArrowType.Null ignored -> to.setSimple(Simple.NULL);
      case ArrowType.Bool ignored -> to.setSimple(Simple.BOOL);
      case ArrowType.Int i ->
          to.setSimple(
              switch (i.getBitWidth()) {
                case 8 -> Simple.INT8;
                case 16 -> Simple.INT16;
                case 32 -> Simple.INT32;
                default -> Simple.INT64;
              });
      case ArrowType.FloatingPoint f ->
          to.setSimple(f.equals(CanonicalTypes.FLOAT32) ? Simple.FLOAT32 : Simple.FLOAT64);
      case ArrowType.Decimal d ->
          to.getDecimalBuilder().setPrecision(d.getPrecision()).setScale(d.getScale());
      case ArrowType.Utf8 ignored -> to.setSimple(Simple.UTF8);
      case ArrowType.Binary ignored -> to.setSimple(Simple.BINARY);
      case ArrowType.FixedSizeBinary b -> to.setFixedSizeBinary(b.getByteWidth());
      case ArrowType.Date ignored -> to.setSimple(Simple.DATE32);
      case ArrowType.Time ignored -> to.setSimple(Simple.TIME64_MICRO);
      case ArrowType.Timestamp t ->
          to.getTimestampBuilder()
              .setNanos(t.getUnit() == TimeUnit.NANOSECOND)
              .setZoned(t.getTimezone() != null);
      case ArrowType.Interval i ->
          to.setSimple(
              i.equals(CanonicalTypes.INTERVAL_YEAR_MONTH)
                  ? Simple.INTERVAL_YEAR_MONTH
                  : Simple.INTERVAL_MONTH_DAY_NANO);
      case ArrowType.List ignored -> to.setList(toProtoField(children.getFirst()));
      case ArrowType.FixedSizeList l ->
          to.getFixedSizeListBuilder()
              .setElement(toProtoField(children.getFirst()))
              .setSize(l.getListSize());
      case ArrowType.Struct ignored ->
          to.getStructBuilder().addAllFields(children.stream().map(Types::toProtoField).toList());
      case ArrowType.Map ignored -> {
        List<Field> entry = children.getFirst().getChildren();
        to.getMapBuilder().setKey(toProtoField(entry.get(0))).setValue(toProtoField(entry.get(1)));
      }
      default ->
          throw new KeldaException(
              ErrorCode.NOT_SUPPORTED, "type " + field.getType() + " is not supported");
    }
    return to.build();
  }

  public static dev.kelda.planner.proto.Field toProtoField(Field field) {
    return dev.kelda.planner.proto.Field.newBuilder()
        .setName(field.getName())
        .setType(toProto(field))
        .setNullable(field.isNullable())
        .build();
  }

  /** Arrow fields of a row type. */
  public static List<Field> toArrowFields(RelDataType row) {
    List<RelDataTypeField> fields = row.getFieldList();
    return IntStream.range(0, fields.size())
        .mapToObj(i -> toArrow(fields.get(i).getName(), fields.get(i).getType()))
        .toList();
  }

  /** Results promise nothing about NULLs: an optimiser may have proved more, or less, than this. */
  public static Field nullable(Field field) {
    return new Field(
        field.getName(),
        new FieldType(true, field.getType(), field.getDictionary(), field.getMetadata()),
        field.getChildren());
  }

  private static Field field(String name, ArrowType type, boolean nullable, List<Field> children) {
    return new Field(name, new FieldType(nullable, type, null), children);
  }
}
