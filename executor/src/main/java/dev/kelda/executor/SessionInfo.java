package dev.kelda.executor;

import static java.util.Objects.requireNonNull;

import java.time.Instant;

/** One open session, as {@code system.sessions} shows it. */
public record SessionInfo(
    String id, String user, String catalog, String schema, Instant created, Instant lastUsed) {
  public SessionInfo {
    requireNonNull(id, "id is null");
    requireNonNull(user, "user is null");
    requireNonNull(catalog, "catalog is null");
    requireNonNull(schema, "schema is null");
    requireNonNull(created, "created is null");
    requireNonNull(lastUsed, "lastUsed is null");
  }
}
