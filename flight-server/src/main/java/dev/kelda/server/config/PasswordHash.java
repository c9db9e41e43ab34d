package dev.kelda.server.config;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * A password as it stands in the configuration: {@code pbkdf2-sha256$iterations$salt$hash}, salt
 * and hash in Base64. Made by {@code kelda password}.
 */
public final class PasswordHash {
  private static final String SCHEME = "pbkdf2-sha256";
  private static final int ITERATIONS = 210_000;
  private static final int LEAST_ITERATIONS = 10_000;
  private static final int MOST_ITERATIONS = 10_000_000;
  private static final int BYTES = 32;

  private final int iterations;
  private final byte[] salt;
  private final byte[] hash;

  private PasswordHash(int iterations, byte[] salt, byte[] hash) {
    this.iterations = iterations;
    this.salt = salt;
    this.hash = hash;
  }

  /** A new hash with a random salt. */
  public static PasswordHash of(String password) {
    byte[] salt = new byte[16];
    new SecureRandom().nextBytes(salt);
    return new PasswordHash(ITERATIONS, salt, derive(password, salt, ITERATIONS));
  }

  /**
   * @throws KeldaException INVALID_CONFIGURATION; the text is not repeated
   */
  public static PasswordHash parse(String text) {
    String[] parts = requireNonNull(text, "text is null").split("\\$");
    if (parts.length == 4 && parts[0].equals(SCHEME)) {
      try {
        int iterations = Integer.parseInt(parts[1]);
        byte[] salt = Base64.getDecoder().decode(parts[2]);
        byte[] hash = Base64.getDecoder().decode(parts[3]);
        if (iterations >= LEAST_ITERATIONS
            && iterations <= MOST_ITERATIONS
            && salt.length >= 8
            && hash.length == BYTES) {
          return new PasswordHash(iterations, salt, hash);
        }
      } catch (IllegalArgumentException e) {
        // falls through to the one message
      }
    }
    throw new KeldaException(
        ErrorCode.INVALID_CONFIGURATION,
        "a password must be a hash as printed by `kelda password` (" + SCHEME + "$…)");
  }

  /** In time that does not depend on how much is right. */
  public boolean matches(String password) {
    return MessageDigest.isEqual(hash, derive(password, salt, iterations));
  }

  /** The text that {@link #parse} reads. */
  public String text() {
    Base64.Encoder base64 = Base64.getEncoder();
    return String.join(
        "$",
        SCHEME,
        String.valueOf(iterations),
        base64.encodeToString(salt),
        base64.encodeToString(hash));
  }

  private static byte[] derive(String password, byte[] salt, int iterations) {
    PBEKeySpec spec = new PBEKeySpec(password.toCharArray(), salt, iterations, BYTES * 8);
    try {
      return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(spec).getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK lacks PBKDF2WithHmacSHA256", e);
    } finally {
      spec.clearPassword();
    }
  }

  @Override
  public String toString() {
    return "PasswordHash[…]";
  }
}
