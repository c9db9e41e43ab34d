package dev.kelda.executor.statement;

import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.util.Optional;
import java.util.function.Supplier;

/** Adds the place in the text to errors that do not know it. */
final class Positioned {
  private Positioned() {}

  static <T> T at(TextPosition position, Supplier<T> work) {
    try {
      return work.get();
    } catch (KeldaException e) {
      throw e.position().isPresent()
          ? e
          : new KeldaException(e.code(), e.getMessage(), Optional.of(position), e);
    }
  }
}
