package dev.kelda.executor.bridge;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.Serial;
import java.util.Optional;
import java.util.concurrent.Callable;

/**
 * What native code throws. Its message, like the last error of a native stream, frames an error
 * code and a text with U+0001: {@code \u0001CODE\u0001text}. Never leaves this package.
 */
final class NativeException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;
  private static final char MARK = '\u0001';

  /** Called by native code. */
  NativeException(String framed) {
    super(framed);
  }

  /** Runs a native call; its failure comes out as a {@link KeldaException}. */
  static <T> T translate(Callable<T> call) {
    try {
      return call.call();
    } catch (NativeException e) {
      throw decode(e).orElseGet(() -> internal(e));
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw internal(e);
    }
  }

  /** The framed error in a message, whatever stands around it. */
  static Optional<KeldaException> decode(Throwable e) {
    String text = String.valueOf(e.getMessage());
    int first = text.indexOf(MARK);
    int second = first < 0 ? -1 : text.indexOf(MARK, first + 1);
    if (second < 0) {
      return Optional.empty();
    }
    int end = text.indexOf(MARK, second + 1);
    String message = text.substring(second + 1, end < 0 ? text.length() : end).strip();
    String name = text.substring(first + 1, second);
    for (ErrorCode code : ErrorCode.values()) {
      if (code.name().equals(name)) {
        return Optional.of(new KeldaException(code, message));
      }
    }
    return Optional.of(new KeldaException(ErrorCode.INTERNAL_ERROR, name + ": " + message));
  }

  /** The framed form of whatever a Java scan or function threw. */
  static String encode(Throwable e) {
    if (e instanceof KeldaException known) {
      return MARK + known.code().name() + MARK + known.getMessage().replace(MARK, ' ') + MARK;
    }
    return decode(e)
        .map(NativeException::encode)
        .orElseGet(() -> MARK + ErrorCode.INTERNAL_ERROR.name() + MARK + e + MARK);
  }

  private static KeldaException internal(Throwable e) {
    return new KeldaException(ErrorCode.INTERNAL_ERROR, "native engine: " + e.getMessage(), e);
  }
}
