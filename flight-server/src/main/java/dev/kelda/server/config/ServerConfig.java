package dev.kelda.server.config;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How the server listens.
 *
 * @param port of Flight SQL; 0 = any free one
 * @param httpPort of HTTP; 0 = any free one, -1 = none
 * @param allowPlaintext listen without TLS beyond loopback (behind a proxy that does it)
 * @param users password hashes by name; empty = everybody is let in (loopback only)
 * @param drain how long running calls may take to finish at a shutdown
 */
public record ServerConfig(
    String host,
    int port,
    int httpPort,
    Optional<Tls> tls,
    boolean allowPlaintext,
    Map<String, PasswordHash> users,
    Duration drain) {

  public static final ServerConfig DEFAULT =
      new ServerConfig(
          "127.0.0.1", 8815, 8816, Optional.empty(), false, Map.of(), Duration.ofSeconds(30));

  /** PEM files. */
  public record Tls(Path certificate, Path key) {
    public Tls {
      requireNonNull(certificate, "certificate is null");
      requireNonNull(key, "key is null");
    }
  }

  public ServerConfig {
    requireNonNull(host, "host is null");
    requireNonNull(tls, "tls is null");
    users = Map.copyOf(users);
    requireNonNull(drain, "drain is null");
  }

  public ServerConfig withAddress(String newHost, int newPort, int newHttpPort) {
    return withHost(newHost).withPort(newPort).withHttpPort(newHttpPort);
  }

  public ServerConfig withHost(String value) {
    return new ServerConfig(value, port, httpPort, tls, allowPlaintext, users, drain);
  }

  public ServerConfig withPort(int value) {
    return new ServerConfig(host, value, httpPort, tls, allowPlaintext, users, drain);
  }

  public ServerConfig withHttpPort(int value) {
    return new ServerConfig(host, port, value, tls, allowPlaintext, users, drain);
  }

  public ServerConfig withTls(Tls value) {
    return new ServerConfig(host, port, httpPort, Optional.of(value), allowPlaintext, users, drain);
  }

  public ServerConfig withDrain(Duration value) {
    return new ServerConfig(host, port, httpPort, tls, allowPlaintext, users, value);
  }

  public ServerConfig withUsers(Map<String, PasswordHash> value) {
    return new ServerConfig(host, port, httpPort, tls, allowPlaintext, value, drain);
  }

  /**
   * Refuses to be reachable from other machines without users and encryption.
   *
   * @throws KeldaException INVALID_CONFIGURATION
   */
  public void check() {
    if (isLoopback()) {
      return;
    }
    if (users.isEmpty()) {
      throw invalid("other machines can reach it, but there are no [[users]] in the configuration");
    }
    if (tls.isEmpty() && !allowPlaintext) {
      throw invalid(
          "other machines can reach it, but [server] has no tls_certificate and tls_key"
              + " (allow_plaintext = true if a proxy in front encrypts)");
    }
  }

  private boolean isLoopback() {
    try {
      return List.of(InetAddress.getAllByName(host)).stream()
          .allMatch(InetAddress::isLoopbackAddress);
    } catch (UnknownHostException e) {
      throw new KeldaException(
          ErrorCode.INVALID_CONFIGURATION, "unknown host '" + host + "' to listen on", e);
    }
  }

  private KeldaException invalid(String reason) {
    return new KeldaException(
        ErrorCode.INVALID_CONFIGURATION, "will not listen on " + host + ": " + reason);
  }
}
