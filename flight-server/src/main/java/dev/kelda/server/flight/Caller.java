package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import io.grpc.Context;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Who makes a call: the user, the network connection it came by, and the session its cookie names.
 * {@link #setCookie} goes out with the response's headers.
 */
final class Caller {
  static final String COOKIE = "arrow_flight_session_id";
  private static final Context.Key<Caller> KEY = Context.key("kelda-caller");

  private final String user;
  private final String connection;
  private final Optional<String> cookie;
  private volatile Optional<String> setCookie = Optional.empty();
  private Optional<Thread> worker = Optional.empty(); // guarded by this
  private boolean interrupted; // guarded by this

  Caller(String user, String connection, Optional<String> cookie) {
    this.user = requireNonNull(user, "user is null");
    this.connection = requireNonNull(connection, "connection is null");
    this.cookie = requireNonNull(cookie, "cookie is null");
  }

  /** Of the call that runs on this thread. */
  static Caller current() {
    return requireNonNull(KEY.get(), "not on the thread of a call");
  }

  Context inContext() {
    return Context.current().withValue(KEY, this);
  }

  String user() {
    return user;
  }

  String connection() {
    return connection;
  }

  /** The session id that the client sent. */
  Optional<String> cookie() {
    return cookie;
  }

  /** Value of the set-cookie header to send, if any. */
  Optional<String> setCookie() {
    return setCookie;
  }

  /** Runs on this thread what {@link #interruptWorker} may interrupt. */
  <T> T interruptible(Supplier<T> wait) {
    synchronized (this) {
      if (interrupted) {
        throw new KeldaException(ErrorCode.CANCELLED, "the client went away");
      }
      worker = Optional.of(Thread.currentThread());
    }
    try {
      return wait.get();
    } finally {
      synchronized (this) {
        worker = Optional.empty();
        if (interrupted) {
          Thread.interrupted(); // it was meant for the wait only
        }
      }
    }
  }

  synchronized void interruptWorker() {
    interrupted = true;
    worker.ifPresent(Thread::interrupt);
  }

  void grantCookie(String id) {
    setCookie = Optional.of(COOKIE + "=" + id);
  }

  void dropCookie(String id) {
    setCookie = Optional.of(COOKIE + "=" + id + "; Max-Age=0");
  }
}
