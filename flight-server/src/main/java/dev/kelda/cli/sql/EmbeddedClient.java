package dev.kelda.cli.sql;

import static java.util.Objects.requireNonNull;

import dev.kelda.cli.format.Rows;
import dev.kelda.executor.EngineConfig;
import dev.kelda.executor.QueryEngine;
import dev.kelda.executor.QueryInfo;
import dev.kelda.executor.QueryInfo.State;
import dev.kelda.executor.QueryResult;
import dev.kelda.executor.Session;
import dev.kelda.server.Version;
import java.util.Set;

/** An engine in this process. */
public final class EmbeddedClient implements SqlClient {
  private static final Set<State> ACTIVE = Set.of(State.QUEUED, State.PLANNING, State.RUNNING);

  private final EngineConfig config;
  private final QueryEngine engine;
  private final Session session;

  private EmbeddedClient(EngineConfig config, QueryEngine engine, Session session) {
    this.config = requireNonNull(config, "config is null");
    this.engine = requireNonNull(engine, "engine is null");
    this.session = requireNonNull(session, "session is null");
  }

  public static EmbeddedClient open(EngineConfig config, String user) {
    QueryEngine engine = QueryEngine.open(config);
    return new EmbeddedClient(config, engine, engine.openSession(user));
  }

  @Override
  public Rows run(String sql) {
    QueryResult result = engine.run(session, sql);
    return result.isUpdate()
        ? Rows.update(result.updateCount(), result::close)
        : Rows.of(result.schema(), result.reader(), result::close);
  }

  @Override
  public void cancel() {
    engine.queries().stream()
        .filter(query -> query.sessionId().equals(session.id()))
        .filter(query -> ACTIVE.contains(query.state()))
        .map(QueryInfo::id)
        .forEach(engine::cancel);
  }

  @Override
  public String greeting() {
    return "kelda " + Version.CURRENT + ", in this process, home " + config.home();
  }

  @Override
  public void close() {
    session.close();
    engine.close();
  }
}
