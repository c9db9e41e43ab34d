package dev.kelda.spi.error;

import java.util.Optional;

/**
 * A statement cannot be planned before one of its {@code ?} has a value: what it reads depends on
 * it, as with the path of a file or the version of a table.
 */
public final class UnboundParameterException extends KeldaException {
  private final int index;

  /**
   * @param index from 0
   */
  public UnboundParameterException(int index, Optional<TextPosition> position) {
    super(
        ErrorCode.WRONG_PARAMETERS,
        "parameter " + (index + 1) + " has no value, and what is read depends on it",
        position,
        null);
    this.index = index;
  }

  public int index() {
    return index;
  }
}
