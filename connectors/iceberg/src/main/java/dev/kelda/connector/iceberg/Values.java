package dev.kelda.connector.iceberg;

import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.UUID;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.iceberg.expressions.Literal;
import org.apache.iceberg.types.Conversions;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;

/** Iceberg's internal values (days, micros, ByteBuffer, UUID …) to {@link Scalar} and back. */
final class Values {
  private Values() {}

  static Scalar scalar(Type type, Object value) {
    ArrowType arrow = IcebergTypes.arrowType("", "", type);
    if (value == null) {
      return Scalar.nullOf(arrow);
    }
    Object converted =
        switch (type.typeId()) {
          case INTEGER, LONG, DATE, TIME, TIMESTAMP, TIMESTAMP_NANO -> ((Number) value).longValue();
          case FLOAT, DOUBLE -> ((Number) value).doubleValue();
          case STRING -> value.toString();
          case UUID -> bytes(uuid((UUID) value));
          case FIXED, BINARY -> value instanceof byte[] array ? array : bytes((ByteBuffer) value);
          default -> value;
        };
    return Scalar.of(arrow, converted);
  }

  /** A bound from a manifest; empty when it cannot be one of this type (after a promotion). */
  static Optional<Scalar> bound(Type type, ByteBuffer value) {
    if (value == null || !type.isPrimitiveType() || !widthFits(type, value.remaining())) {
      return Optional.empty();
    }
    return Optional.of(scalar(type, Conversions.fromByteBuffer(type, value.duplicate())));
  }

  /**
   * A default value; not NULL.
   *
   * @throws KeldaException NOT_SUPPORTED for a column that is not of a primitive type
   */
  static Literal<?> literal(String column, Type type, Scalar scalar) {
    Object value = scalar.value().orElseThrow();
    return switch (type.typeId()) {
      case BOOLEAN -> Literal.of((Boolean) value);
      case INTEGER, DATE -> Literal.of(((Long) value).intValue()).to(type);
      case LONG, TIME, TIMESTAMP -> Literal.of((Long) value).to(type);
      case TIMESTAMP_NANO -> Literal.of(iso((Long) value, type)).to(type);
      case FLOAT -> Literal.of(((Double) value).floatValue());
      case DOUBLE -> Literal.of((Double) value);
      case STRING -> Literal.of((String) value);
      case DECIMAL -> Literal.of((BigDecimal) value).to(type);
      case UUID -> Literal.of(uuid((byte[]) value));
      case BINARY, FIXED -> Literal.of(ByteBuffer.wrap((byte[]) value)).to(type);
      default ->
          throw new KeldaException(
              ErrorCode.NOT_SUPPORTED,
              "column \"" + column + "\" of type " + type + " cannot have a default");
    };
  }

  private static String iso(long nanos, Type type) {
    LocalDateTime at =
        LocalDateTime.ofEpochSecond(
            Math.floorDiv(nanos, 1_000_000_000L),
            (int) Math.floorMod(nanos, 1_000_000_000L),
            ZoneOffset.UTC);
    boolean zoned = ((Types.TimestampNanoType) type).shouldAdjustToUTC();
    return DateTimeFormatter.ISO_LOCAL_DATE_TIME.format(at) + (zoned ? "+00:00" : "");
  }

  private static boolean widthFits(Type type, int width) {
    return switch (type.typeId()) {
      case BOOLEAN -> width == 1;
      case INTEGER, DATE, FLOAT -> width == 4;
      case LONG, DOUBLE -> width == 4 || width == 8;
      case TIME, TIMESTAMP, TIMESTAMP_NANO -> width == 8;
      case UUID -> width == 16;
      case FIXED -> width == ((Types.FixedType) type).length();
      case DECIMAL -> width > 0 && width <= 16;
      case STRING, BINARY -> true;
      default -> false;
    };
  }

  static ByteBuffer uuid(UUID value) {
    return ByteBuffer.allocate(16)
        .putLong(value.getMostSignificantBits())
        .putLong(value.getLeastSignificantBits())
        .flip();
  }

  static UUID uuid(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return new UUID(buffer.getLong(), buffer.getLong());
  }

  static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
