package dev.kelda.executor.wire;

import com.google.protobuf.ByteString;
import dev.kelda.planner.encode.Types;
import dev.kelda.planner.proto.DataType;
import dev.kelda.planner.proto.Literal;
import dev.kelda.spi.connector.Scalar;
import java.math.BigDecimal;
import java.math.BigInteger;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/** Constants. */
public final class Literals {
  private Literals() {}

  public static Literal toProto(Scalar scalar) {
    return toProto(scalar, scalar.field(""));
  }

  /**
   * The literal of a value of a field's type, which may be an array.
   *
   * @param scalar as {@code ScalarCasts} makes it of the field's type
   */
  public static Literal toProto(Scalar scalar, Field field) {
    Literal.Builder literal = Literal.newBuilder().setType(Types.toProto(field));
    if (scalar.value().isEmpty()) {
      return literal.setNull(true).build();
    }
    Object value = scalar.value().get();
    switch (value) {
      case Boolean truth -> literal.setBoolean(truth);
      case Long number -> literal.setInteger(number);
      case Double number -> literal.setFloating(number);
      case String text -> literal.setString(text);
      case Scalar.Elements elements -> {
        Field element = field.getChildren().getFirst();
        literal
            .getListBuilder()
            .addAllValues(elements.values().stream().map(e -> toProto(e, element)).toList());
      }
      case byte[] bytes -> literal.setBinary(ByteString.copyFrom(bytes));
      case BigDecimal number ->
          literal.setDecimal(
              ByteString.copyFrom(
                  number
                      .setScale(((ArrowType.Decimal) scalar.type()).getScale())
                      .unscaledValue()
                      .toByteArray()));
      default ->
          throw new IllegalArgumentException(
              "a %s is no value of type %s".formatted(value.getClass(), scalar.type()));
    }
    return literal.build();
  }

  /** The message of a type without children. */
  public static DataType type(ArrowType type) {
    return Types.toProto(new Field("", FieldType.nullable(type), null));
  }

  public static Scalar fromProto(Literal literal) {
    ArrowType type = Fields.type(literal.getType());
    return switch (literal.getValueCase()) {
      case NULL -> Scalar.nullOf(type);
      case BOOLEAN -> Scalar.of(type, literal.getBoolean());
      case INTEGER -> Scalar.of(type, literal.getInteger());
      case FLOATING -> Scalar.of(type, literal.getFloating());
      case STRING -> Scalar.of(type, literal.getString());
      case BINARY -> Scalar.of(type, literal.getBinary().toByteArray());
      case DECIMAL ->
          Scalar.of(
              type,
              new BigDecimal(
                  new BigInteger(literal.getDecimal().toByteArray()),
                  ((ArrowType.Decimal) type).getScale()));
      case MONTH_DAY_NANO, LIST, VALUE_NOT_SET ->
          throw new IllegalArgumentException("no scalar: " + literal.getValueCase());
    };
  }
}
