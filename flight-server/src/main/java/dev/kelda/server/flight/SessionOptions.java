package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.QueryEngine;
import dev.kelda.executor.Session;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.flight.CloseSessionResult;
import org.apache.arrow.flight.GetSessionOptionsResult;
import org.apache.arrow.flight.SessionOptionValue;
import org.apache.arrow.flight.SessionOptionValueFactory;
import org.apache.arrow.flight.SessionOptionValueVisitor;
import org.apache.arrow.flight.SetSessionOptionsRequest;
import org.apache.arrow.flight.SetSessionOptionsResult;
import org.apache.arrow.flight.SetSessionOptionsResult.ErrorValue;

/**
 * The session actions: {@code catalog}, {@code schema} and every setting; an empty value resets.
 */
final class SessionOptions {
  private static final String CATALOG = "catalog";
  private static final String SCHEMA = "schema";

  private final QueryEngine engine;
  private final Sessions sessions;

  SessionOptions(QueryEngine engine, Sessions sessions) {
    this.engine = requireNonNull(engine, "engine is null");
    this.sessions = requireNonNull(sessions, "sessions is null");
  }

  byte[] set(Caller caller, byte[] body) throws IOException {
    SetSessionOptionsRequest request = SetSessionOptionsRequest.deserialize(ByteBuffer.wrap(body));
    Session session = sessions.withCookie(caller).engineSession();
    Map<String, SetSessionOptionsResult.Error> errors = new LinkedHashMap<>();
    Map<String, SessionOptionValue> options = new LinkedHashMap<>();
    // the catalog first: a schema is one of the new catalog
    Optional.ofNullable(request.getSessionOptions().get(CATALOG))
        .ifPresent(value -> options.put(CATALOG, value));
    options.putAll(request.getSessionOptions());
    options.forEach(
        (name, value) ->
            set(session, name, value)
                .ifPresent(error -> errors.put(name, new SetSessionOptionsResult.Error(error))));
    return bytes(new SetSessionOptionsResult(errors).serialize());
  }

  private Optional<ErrorValue> set(Session session, String name, SessionOptionValue value) {
    try {
      Optional<String> text = text(value);
      switch (name) {
        case CATALOG -> session.use(catalog(session, text), "main");
        case SCHEMA -> session.use(session.catalog(), schema(session, text));
        default -> text.ifPresentOrElse(t -> session.set(name, t), () -> session.reset(name));
      }
      return Optional.empty();
    } catch (KeldaException e) {
      return Optional.of(
          e.code() == ErrorCode.SETTING_NOT_FOUND
              ? ErrorValue.INVALID_NAME
              : ErrorValue.INVALID_VALUE);
    }
  }

  private String catalog(Session session, Optional<String> wanted) {
    if (wanted.isEmpty()) {
      return "lake";
    }
    return engine.catalogs(session).catalogs().stream()
        .filter(wanted.get()::equalsIgnoreCase)
        .findFirst()
        .orElseThrow(
            () ->
                new KeldaException(
                    ErrorCode.CATALOG_NOT_FOUND, "no catalog \"" + wanted.get() + "\""));
  }

  private String schema(Session session, Optional<String> wanted) {
    if (wanted.isEmpty()) {
      return "main";
    }
    return engine.catalogs(session).schemas(session.catalog()).stream()
        .filter(wanted.get()::equalsIgnoreCase)
        .findFirst()
        .orElseThrow(
            () ->
                new KeldaException(
                    ErrorCode.SCHEMA_NOT_FOUND, "no schema \"" + wanted.get() + "\""));
  }

  byte[] get(Caller caller) {
    Session session = sessions.withCookie(caller).engineSession();
    Map<String, SessionOptionValue> options = new LinkedHashMap<>();
    options.put(CATALOG, SessionOptionValueFactory.makeSessionOptionValue(session.catalog()));
    options.put(SCHEMA, SessionOptionValueFactory.makeSessionOptionValue(session.schema()));
    session
        .options()
        .forEach(
            (name, value) ->
                options.put(name, SessionOptionValueFactory.makeSessionOptionValue(value)));
    return bytes(new GetSessionOptionsResult(options).serialize());
  }

  byte[] close(Caller caller) {
    sessions
        .existing(caller)
        .ifPresent(
            session -> {
              sessions.close(session);
              caller.dropCookie(session.id());
            });
    return bytes(new CloseSessionResult(CloseSessionResult.Status.CLOSED).serialize());
  }

  private static Optional<String> text(SessionOptionValue value) {
    return value.acceptVisitor(
        new SessionOptionValueVisitor<>() {
          @Override
          public Optional<String> visit(String text) {
            return Optional.of(text);
          }

          @Override
          public Optional<String> visit(boolean flag) {
            return Optional.of(String.valueOf(flag));
          }

          @Override
          public Optional<String> visit(long number) {
            return Optional.of(String.valueOf(number));
          }

          @Override
          public Optional<String> visit(double number) {
            return Optional.of(String.valueOf(number));
          }

          @Override
          public Optional<String> visit(String[] texts) {
            return Optional.of(String.join(",", texts));
          }

          @Override
          public Optional<String> visit(Void nothing) {
            return Optional.empty();
          }
        });
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }
}
