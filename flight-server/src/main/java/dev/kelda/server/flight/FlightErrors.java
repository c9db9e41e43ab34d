package dev.kelda.server.flight;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.ErrorFlightMetadata;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Failures as clients see them: a gRPC status by who is to blame, {@link KeldaException#describe()}
 * as the text, code and SQLSTATE as trailers. Counts them by code.
 */
final class FlightErrors {
  static final String CODE_HEADER = "x-kelda-error-code";
  static final String SQL_STATE_HEADER = "x-kelda-sqlstate";

  /** Clients accept 8 KiB of trailers, and gRPC escapes each byte that is not ASCII as three. */
  private static final int MOST_CHARACTERS = 2000;

  private static final Logger LOG = LoggerFactory.getLogger(FlightErrors.class);

  private final Map<ErrorCode, LongAdder> counts = new EnumMap<>(ErrorCode.class);

  FlightErrors() {
    for (ErrorCode code : ErrorCode.values()) {
      counts.put(code, new LongAdder());
    }
  }

  /** How often each code was sent; codes never sent are left out. */
  Map<ErrorCode, Long> counts() {
    Map<ErrorCode, Long> seen = new TreeMap<>();
    counts.forEach((code, count) -> seen.put(code, count.sum()));
    seen.values().removeIf(count -> count == 0);
    return seen;
  }

  /** Never throws: a call whose failure cannot be told would hang its client. */
  FlightRuntimeException toFlight(Throwable failure) {
    try {
      return describe(failure);
    } catch (Throwable e) {
      return CallStatus.INTERNAL.withDescription("INTERNAL_ERROR: " + e).toRuntimeException();
    }
  }

  private FlightRuntimeException describe(Throwable failure) {
    KeldaException error = toKelda(failure);
    counts.get(error.code()).increment();
    ErrorFlightMetadata metadata = new ErrorFlightMetadata();
    metadata.insert(CODE_HEADER, error.code().name());
    metadata.insert(SQL_STATE_HEADER, error.code().sqlState());
    return new CallStatus(status(error.code()), null, shortened(error.describe()), metadata)
        .toRuntimeException();
  }

  /** What the user may know of a failure; the rest goes to the log. */
  static KeldaException toKelda(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof KeldaException known) {
        if (known.code().type() == ErrorCode.Type.INTERNAL) {
          LOG.error("internal error", failure);
        }
        return known;
      }
      if (cause instanceof FlightRuntimeException flight) {
        return ofFlight(flight);
      }
      if (cause instanceof OutOfMemoryError
          || cause instanceof org.apache.arrow.memory.OutOfMemoryException) {
        LOG.error("out of memory", failure);
        return new KeldaException(
            ErrorCode.MEMORY_LIMIT_EXCEEDED, "the server has no memory left for this call", cause);
      }
      if (cause instanceof StackOverflowError) {
        return new KeldaException(
            ErrorCode.STATEMENT_TOO_COMPLEX, "the statement is nested too deeply", cause);
      }
    }
    LOG.error("unexpected failure", failure);
    return new KeldaException(
        ErrorCode.INTERNAL_ERROR,
        "unexpected " + failure.getClass().getSimpleName() + "; see the server's log",
        failure);
  }

  private static KeldaException ofFlight(FlightRuntimeException flight) {
    ErrorCode code =
        switch (flight.status().code()) {
          case CANCELLED -> ErrorCode.CANCELLED;
          case UNIMPLEMENTED -> ErrorCode.NOT_SUPPORTED;
          case UNAUTHENTICATED -> ErrorCode.AUTHENTICATION_FAILED;
          case UNAUTHORIZED -> ErrorCode.ACCESS_DENIED;
          case INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS -> ErrorCode.INVALID_ARGUMENT;
          case RESOURCE_EXHAUSTED -> ErrorCode.TOO_MANY_REQUESTS;
          case OK, UNKNOWN, INTERNAL, TIMED_OUT, UNAVAILABLE -> ErrorCode.INTERNAL_ERROR;
        };
    return new KeldaException(code, String.valueOf(flight.status().description()), flight);
  }

  private static FlightStatusCode status(ErrorCode code) {
    return switch (code.type()) {
      case USER ->
          switch (code) {
            case TABLE_NOT_FOUND,
                SCHEMA_NOT_FOUND,
                CATALOG_NOT_FOUND,
                SETTING_NOT_FOUND,
                QUERY_NOT_FOUND ->
                FlightStatusCode.NOT_FOUND;
            case TABLE_EXISTS, SCHEMA_EXISTS -> FlightStatusCode.ALREADY_EXISTS;
            case NOT_SUPPORTED -> FlightStatusCode.UNIMPLEMENTED;
            case ACCESS_DENIED -> FlightStatusCode.UNAUTHORIZED;
            case AUTHENTICATION_FAILED -> FlightStatusCode.UNAUTHENTICATED;
            case CANCELLED -> FlightStatusCode.CANCELLED;
            default -> FlightStatusCode.INVALID_ARGUMENT;
          };
      case RESOURCES ->
          switch (code) {
            case TIMEOUT -> FlightStatusCode.TIMED_OUT;
            case SHUTTING_DOWN -> FlightStatusCode.UNAVAILABLE;
            default -> FlightStatusCode.RESOURCE_EXHAUSTED;
          };
      case EXTERNAL ->
          switch (code) {
            case FILE_NOT_FOUND -> FlightStatusCode.NOT_FOUND;
            // not UNAVAILABLE: a client that retries by itself could write twice
            case COMMIT_STATE_UNKNOWN -> FlightStatusCode.UNKNOWN;
            default -> FlightStatusCode.UNAVAILABLE;
          };
      case INTERNAL -> FlightStatusCode.INTERNAL;
    };
  }

  private static String shortened(String text) {
    return text.length() <= MOST_CHARACTERS ? text : text.substring(0, MOST_CHARACTERS) + "…";
  }
}
