package dev.kelda.cli.sql;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.arrow.flight.FlightRuntimeException;

/** A server's error as the exception it was there. */
final class RemoteErrors {
  private static final Pattern DESCRIPTION =
      Pattern.compile("([A-Z_]+): (.*?)(?: \\(line (\\d+), column (\\d+)\\))?", Pattern.DOTALL);

  private RemoteErrors() {}

  static KeldaException translate(FlightRuntimeException failure) {
    String text = String.valueOf(failure.status().description());
    Matcher parts = DESCRIPTION.matcher(text);
    if (parts.matches()) {
      Optional<ErrorCode> code =
          Arrays.stream(ErrorCode.values())
              .filter(candidate -> candidate.name().equals(parts.group(1)))
              .findFirst();
      if (code.isPresent()) {
        Optional<TextPosition> position =
            Optional.ofNullable(parts.group(3))
                .map(
                    line ->
                        new TextPosition(Integer.parseInt(line), Integer.parseInt(parts.group(4))));
        return new KeldaException(code.get(), parts.group(2), position, failure);
      }
    }
    ErrorCode code =
        switch (failure.status().code()) {
          case CANCELLED -> ErrorCode.CANCELLED;
          case UNAUTHENTICATED -> ErrorCode.AUTHENTICATION_FAILED;
          default -> ErrorCode.REMOTE_SOURCE_ERROR;
        };
    return new KeldaException(code, "server: " + text, failure);
  }
}
