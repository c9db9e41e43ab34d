package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;

/**
 * A typed constant. The Java class of the value depends on the type: {@code Boolean}; {@code Long}
 * for every integer, Date32 (days), Time64 (microseconds) and Timestamp (its unit, UTC); {@code
 * Double} for both floats; {@code BigDecimal}; {@code String}; {@code byte[]}; {@code Elements} of
 * a list, which are of one type. Empty is NULL.
 */
public record Scalar(ArrowType type, Optional<Object> value) implements Operand {
  /** What a list, of any size or a fixed one, holds. */
  public record Elements(ArrowType type, List<Scalar> values) {
    public Elements {
      requireNonNull(type, "type is null");
      values = List.copyOf(values);
    }
  }

  public Scalar {
    requireNonNull(type, "type is null");
    requireNonNull(value, "value is null");
  }

  public static Scalar of(ArrowType type, Object value) {
    return new Scalar(type, Optional.of(value));
  }

  /** A nullable field of the scalar's type. */
  public Field field(String name) {
    List<Field> children =
        value.orElse(null) instanceof Elements elements
            ? List.of(Field.nullable("item", elements.type()))
            : type instanceof ArrowType.List || type instanceof ArrowType.FixedSizeList
                ? List.of(Field.nullable("item", CanonicalTypes.UTF8))
                : List.of();
    return new Field(name, FieldType.nullable(type), children);
  }

  public static Scalar nullOf(ArrowType type) {
    return new Scalar(type, Optional.empty());
  }
}
