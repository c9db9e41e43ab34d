package dev.kelda.spi.connector;

import static java.util.Objects.requireNonNull;

import org.apache.arrow.vector.types.pojo.ArrowType;

/** The constant side of a predicate: a value, or a statement parameter bound at execution. */
public sealed interface Operand permits Scalar, Operand.Parameter {
  ArrowType type();

  /**
   * @param index of the {@code ?}, from 0
   */
  record Parameter(int index, ArrowType type) implements Operand {
    public Parameter {
      requireNonNull(type, "type is null");
    }
  }
}
