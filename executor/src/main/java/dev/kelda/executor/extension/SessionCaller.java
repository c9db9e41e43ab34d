package dev.kelda.executor.extension;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.Session;
import dev.kelda.spi.extension.Caller;
import java.util.Map;

/** A session as modules see it. */
public record SessionCaller(Session session) implements Caller {
  public SessionCaller {
    requireNonNull(session, "session is null");
  }

  @Override
  public String user() {
    return session.user();
  }

  @Override
  public String catalog() {
    return session.catalog();
  }

  @Override
  public String schema() {
    return session.schema();
  }

  @Override
  public Map<String, String> settings() {
    return session.options();
  }
}
