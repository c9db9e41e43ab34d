package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import java.util.Optional;
import org.apache.arrow.vector.types.pojo.ArrowType;

/**
 * A typed constant. The Java class of the value depends on the type: {@code Boolean}; {@code Long}
 * for every integer, Date32 (days), Time64 (microseconds) and Timestamp (its unit, UTC); {@code
 * Double} for both floats; {@code BigDecimal}; {@code String}; {@code byte[]}; of an array a {@code
 * List<Scalar>}. Empty is NULL.
 */
public record Scalar(ArrowType type, Optional<Object> value) implements Operand {
  public Scalar {
    requireNonNull(type, "type is null");
    requireNonNull(value, "value is null");
  }

  public static Scalar of(ArrowType type, Object value) {
    return new Scalar(type, Optional.of(value));
  }

  public static Scalar nullOf(ArrowType type) {
    return new Scalar(type, Optional.empty());
  }
}
