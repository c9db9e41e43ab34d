package dev.kelda.executor.metastore;

import static java.util.Objects.requireNonNull;

import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Where the metastore is.
 *
 * @param uri {@code jdbc:postgresql://HOST[:PORT]/DATABASE}; empty = SQLite in the home folder
 * @param password secret
 */
public record MetastoreConfig(
    Optional<String> uri, Optional<String> user, Optional<String> password) {
  public static final MetastoreConfig EMBEDDED =
      new MetastoreConfig(Optional.empty(), Optional.empty(), Optional.empty());

  // Only plain addresses: options in a JDBC URL can name classes and files.
  private static final String POSTGRES = "jdbc:postgresql://[\\w.:\\[\\]-]+/[\\w.-]+";

  public MetastoreConfig {
    requireNonNull(uri, "uri is null");
    requireNonNull(user, "user is null");
    requireNonNull(password, "password is null");
    if (uri.isPresent() && !uri.get().matches(POSTGRES)) {
      throw new KeldaException(
          ErrorCode.INVALID_CONFIGURATION,
          "metastore: uri must be jdbc:postgresql://HOST[:PORT]/DATABASE, not '" + uri.get() + "'");
    }
  }

  boolean isEmbedded() {
    return uri.isEmpty();
  }

  /** The JDBC address. */
  String address(Path home) {
    return uri.orElseGet(() -> "jdbc:sqlite:" + home.resolve("metastore.db"));
  }

  /** What a catalog that shares the metastore is configured with; nothing when it is embedded. */
  public Map<String, String> properties() {
    Map<String, String> properties = new LinkedHashMap<>();
    uri.ifPresent(value -> properties.put("uri", value));
    user.ifPresent(value -> properties.put("user", value));
    password.ifPresent(value -> properties.put("password", value));
    return properties;
  }

  /** Without the secret parts. */
  @Override
  public String toString() {
    return "MetastoreConfig[uri=" + uri.orElse("embedded") + "]";
  }
}
