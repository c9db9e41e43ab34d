package dev.kelda.spi.error;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * The one exception that reaches a user. The message names the value at fault and says what to do;
 * {@link #describe()} adds the code and the position.
 */
public sealed class KeldaException extends RuntimeException permits UnboundParameterException {
  private final ErrorCode code;
  private final transient Optional<TextPosition> position;

  public KeldaException(ErrorCode code, String message) {
    this(code, message, Optional.empty(), null);
  }

  public KeldaException(ErrorCode code, String message, Throwable cause) {
    this(code, message, Optional.empty(), cause);
  }

  public KeldaException(ErrorCode code, String message, TextPosition position) {
    this(code, message, Optional.of(position), null);
  }

  /**
   * @param cause the technical cause, for the server's log only; may be null
   */
  public KeldaException(
      ErrorCode code, String message, Optional<TextPosition> position, Throwable cause) {
    super(requireNonNull(message, "message is null"), cause);
    this.code = requireNonNull(code, "code is null");
    this.position = requireNonNull(position, "position is null");
  }

  public final ErrorCode code() {
    return code;
  }

  /** Where in the statement, when known. */
  public final Optional<TextPosition> position() {
    return position;
  }

  /** {@code COLUMN_NOT_FOUND: no column "x" in ... (line 1, column 8)}: the text clients show. */
  public final String describe() {
    return code + ": " + getMessage() + position.map(p -> " (" + p + ")").orElse("");
  }
}
