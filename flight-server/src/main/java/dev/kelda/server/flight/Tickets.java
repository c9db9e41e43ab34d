package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs what clients hand back: {@code kind, expiry, user, payload, HMAC-SHA256}. The key lives as
 * long as the process. A seal opens for the user it was made for, until it expires.
 */
final class Tickets {
  /** What a seal is good for; one kind never passes for another. */
  enum Kind {
    EXECUTION,
    METADATA,
    BEARER
  }

  private static final String ALGORITHM = "HmacSHA256";
  private static final int MAC_BYTES = 32;

  private final SecretKeySpec key;
  private final Clock clock;

  Tickets(Clock clock) {
    byte[] secret = new byte[MAC_BYTES];
    new SecureRandom().nextBytes(secret);
    this.key = new SecretKeySpec(secret, ALGORITHM);
    this.clock = requireNonNull(clock, "clock is null");
  }

  /**
   * @param payload not hidden, only protected from change
   */
  record Claim(Kind kind, Instant expiry, String user, byte[] payload) {
    Claim {
      requireNonNull(kind, "kind is null");
      requireNonNull(expiry, "expiry is null");
      requireNonNull(user, "user is null");
      requireNonNull(payload, "payload is null");
    }
  }

  byte[] seal(Claim claim) {
    byte[] user = claim.user().getBytes(StandardCharsets.UTF_8);
    ByteBuffer body =
        ByteBuffer.allocate(1 + 8 + 4 + user.length + claim.payload().length + MAC_BYTES)
            .put((byte) claim.kind().ordinal())
            .putLong(claim.expiry().toEpochMilli())
            .putInt(user.length)
            .put(user)
            .put(claim.payload());
    byte[] bytes = body.array();
    body.put(mac(bytes, bytes.length - MAC_BYTES));
    return bytes;
  }

  /**
   * @throws KeldaException INVALID_TICKET when it was changed, made by another process, has expired
   *     or is of another kind
   */
  Claim open(Kind kind, byte[] sealed) {
    int length = sealed.length - MAC_BYTES;
    if (length < 13
        || !MessageDigest.isEqual(
            mac(sealed, length), Arrays.copyOfRange(sealed, length, sealed.length))) {
      throw invalid("it was not issued by this server, or was changed");
    }
    Claim claim = parse(ByteBuffer.wrap(sealed, 0, length));
    if (claim.kind() != kind) {
      throw invalid("it is a ticket for something else");
    }
    if (claim.expiry().isBefore(clock.instant())) {
      throw invalid("it expired at " + claim.expiry());
    }
    return claim;
  }

  /**
   * What a ticket claims to be; only {@link #open} says whether it is.
   *
   * @throws KeldaException INVALID_TICKET
   */
  Kind kind(byte[] sealed) {
    if (sealed.length == 0 || sealed[0] < 0 || sealed[0] >= Kind.values().length) {
      throw invalid("it was not issued by this server, or was changed");
    }
    return Kind.values()[sealed[0]];
  }

  /** As {@link #open(Kind, byte[])}, for this user only. */
  Claim open(Kind kind, byte[] sealed, String user) {
    Claim claim = open(kind, sealed);
    if (!claim.user().equals(user)) {
      throw invalid("it belongs to another user");
    }
    return claim;
  }

  static KeldaException invalid(String reason) {
    return new KeldaException(ErrorCode.INVALID_TICKET, "the ticket is not valid: " + reason);
  }

  private static Claim parse(ByteBuffer body) {
    try {
      Kind kind = Kind.values()[body.get()];
      Instant expiry = Instant.ofEpochMilli(body.getLong());
      byte[] user = new byte[body.getInt()];
      body.get(user);
      byte[] payload = new byte[body.remaining()];
      body.get(payload);
      return new Claim(kind, expiry, new String(user, StandardCharsets.UTF_8), payload);
    } catch (BufferUnderflowException e) {
      throw new IllegalStateException("signed, but not by seal()", e);
    }
  }

  private byte[] mac(byte[] bytes, int length) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      mac.update(bytes, 0, length);
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK lacks " + ALGORITHM, e);
    }
  }
}
