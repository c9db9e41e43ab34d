package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import dev.kelda.server.config.PasswordHash;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * {@code authorization: Basic} gives a bearer token for an hour, {@code authorization: Bearer} is
 * checked by its signature. Without configured users everybody is let in, under the name given.
 */
final class Authentication {
  static final String ANONYMOUS = "anonymous";
  private static final Duration TOKEN_LIFE = Duration.ofHours(1);
  private static final Duration FAILURE_WINDOW = Duration.ofMinutes(1);
  private static final int MOST_FAILURES = 10;
  private static final PasswordHash NOBODY = PasswordHash.of("nobody");

  private final Map<String, PasswordHash> users;
  private final Tickets tickets;
  private final Clock clock;
  private final Map<String, Deque<Instant>> failures = new ConcurrentHashMap<>();

  Authentication(Map<String, PasswordHash> users, Tickets tickets, Clock clock) {
    this.users = Map.copyOf(users);
    this.tickets = requireNonNull(tickets, "tickets is null");
    this.clock = requireNonNull(clock, "clock is null");
  }

  /**
   * @param token to send back as {@code authorization: Bearer}, when a password was checked
   */
  record Identity(String user, Optional<String> token) {}

  /**
   * @param header of the call
   * @throws KeldaException AUTHENTICATION_FAILED, TOO_MANY_REQUESTS
   */
  Identity identify(Optional<String> header) {
    String value = header.orElse("").strip();
    if (startsWith(value, "Bearer ")) {
      return bearer(value.substring("Bearer ".length()).strip());
    }
    if (startsWith(value, "Basic ")) {
      return basic(value.substring("Basic ".length()).strip());
    }
    if (users.isEmpty()) {
      return new Identity(ANONYMOUS, Optional.empty());
    }
    throw failed("give a user name and a password");
  }

  private Identity bearer(String token) {
    try {
      byte[] sealed = Base64.getUrlDecoder().decode(token);
      Tickets.Claim claim = tickets.open(Tickets.Kind.BEARER, sealed);
      return new Identity(claim.user(), Optional.empty());
    } catch (IllegalArgumentException | KeldaException e) {
      if (users.isEmpty()) {
        return new Identity(ANONYMOUS, Optional.empty());
      }
      throw failed("the token is not valid, or has expired; log in again");
    }
  }

  private Identity basic(String credentials) {
    String decoded;
    try {
      decoded = new String(Base64.getDecoder().decode(credentials), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw failed("the authorization header is not Base64");
    }
    int colon = decoded.indexOf(':');
    if (colon < 0) {
      throw failed("the authorization header has no password");
    }
    String user = decoded.substring(0, colon);
    if (users.isEmpty()) {
      String name = user.isBlank() ? ANONYMOUS : user;
      return new Identity(name, Optional.of(token(name)));
    }
    checkRate(user);
    // An unknown user costs as much time as a wrong password.
    boolean right =
        users.getOrDefault(user, NOBODY).matches(decoded.substring(colon + 1))
            && users.containsKey(user);
    if (!right) {
      recordFailure(user);
      throw failed("wrong user name or password");
    }
    failures.remove(user);
    return new Identity(user, Optional.of(token(user)));
  }

  private String token(String user) {
    Instant expiry = clock.instant().plus(TOKEN_LIFE);
    byte[] sealed = tickets.seal(new Tickets.Claim(Tickets.Kind.BEARER, expiry, user, new byte[0]));
    return Base64.getUrlEncoder().withoutPadding().encodeToString(sealed);
  }

  private void checkRate(String user) {
    Deque<Instant> recent = failures.get(user);
    if (recent == null) {
      return;
    }
    synchronized (recent) {
      Instant start = clock.instant().minus(FAILURE_WINDOW);
      recent.removeIf(instant -> instant.isBefore(start));
      if (recent.size() >= MOST_FAILURES) {
        throw new KeldaException(
            ErrorCode.TOO_MANY_REQUESTS, "too many failed logins of '" + user + "'; wait a minute");
      }
    }
  }

  private void recordFailure(String user) {
    if (failures.size() > 10_000) {
      failures.clear(); // someone tries names; the cost of a hash slows that down already
    }
    Deque<Instant> recent = failures.computeIfAbsent(user, name -> new ArrayDeque<>());
    synchronized (recent) {
      recent.add(clock.instant());
    }
  }

  private static boolean startsWith(String value, String scheme) {
    return value.regionMatches(true, 0, scheme, 0, scheme.length());
  }

  private static KeldaException failed(String reason) {
    return new KeldaException(ErrorCode.AUTHENTICATION_FAILED, reason);
  }
}
