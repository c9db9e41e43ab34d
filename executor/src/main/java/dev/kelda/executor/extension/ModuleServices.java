package dev.kelda.executor.extension;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.EngineConfig;
import dev.kelda.executor.QueryResult;
import dev.kelda.executor.Session;
import dev.kelda.executor.statement.Action;
import dev.kelda.executor.statement.ConnectorRegistry;
import dev.kelda.planner.SessionContext;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.Catalogs;
import dev.kelda.planner.catalog.Names;
import dev.kelda.planner.catalog.SchemaReference;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.ConnectorContext;
import dev.kelda.spi.connector.LocationPolicy;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.TextPosition;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices;
import dev.kelda.spi.extension.QueryAnalysis;
import dev.kelda.spi.extension.QueryDescription;
import dev.kelda.spi.extension.SqlQuery;
import dev.kelda.spi.metastore.Metastore;
import dev.kelda.spi.run.Runs;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/** {@link EngineServices} of one engine. */
public record ModuleServices(
    EngineConfig config,
    ConnectorContext context,
    ConnectorRegistry connectors,
    Metastore metastore,
    Runs runs,
    BufferAllocator allocator,
    ModuleQueries queries)
    implements EngineServices {
  public ModuleServices {
    requireNonNull(config, "config is null");
    requireNonNull(context, "context is null");
    requireNonNull(connectors, "connectors is null");
    requireNonNull(metastore, "metastore is null");
    requireNonNull(runs, "runs is null");
    requireNonNull(allocator, "allocator is null");
    requireNonNull(queries, "queries is null");
  }

  @Override
  public Path home() {
    return context.home();
  }

  @Override
  public int threads() {
    return config.threads();
  }

  @Override
  public LocationPolicy locations() {
    return context.locations();
  }

  @Override
  public Optional<String> secret(String name) {
    return Optional.ofNullable(config.secrets().get(name));
  }

  @Override
  public Caller caller(String user) {
    return new SessionContext(user, Session.DEFAULT_PATH.catalog(), Session.DEFAULT_PATH.schema());
  }

  @Override
  public ArrowReader query(Caller caller, SqlQuery query, List<Scalar> parameters) {
    Session session = queries.session(caller);
    try {
      QueryResult result = queries.run(session, query, parameters, Map.of(), Optional.empty());
      ArrowReader rows = Results.rows(result, query);
      return new OwnedReader(
          rows,
          () -> {
            result.close();
            release(session, caller);
          });
    } catch (RuntimeException e) {
      release(session, caller);
      throw e;
    }
  }

  @Override
  public long execute(Caller caller, SqlQuery statement, List<Scalar> parameters) {
    return within(
        caller,
        session ->
            Results.count(queries.run(session, statement, parameters, Map.of(), Optional.empty())));
  }

  @Override
  public QueryDescription describe(Caller caller, SqlQuery statement) {
    return within(
        caller,
        session -> {
          Action action = queries.plan(session, statement);
          List<String> tables =
              action.query().stream()
                  .flatMap(query -> query.plan().tables().stream())
                  .filter(table -> !table.catalog().equals(CatalogSnapshot.NO_CATALOG))
                  .map(TableReference::toString)
                  .toList();
          return new QueryDescription(
              action.rows().orElseGet(() -> new Schema(List.of())), action.parameters(), tables);
        });
  }

  @Override
  public QueryAnalysis analyze(Caller caller, SqlQuery query) {
    return within(caller, session -> queries.analyze(session, query, false));
  }

  @Override
  public QueryAnalysis analyzeThrough(Caller caller, SqlQuery query) {
    return within(caller, session -> queries.analyze(session, query, true));
  }

  @Override
  public TableName tableName(Caller caller, List<String> name, TextPosition position) {
    CatalogSnapshot.Target target = snapshot(caller).target(name, Optional.of(position));
    SchemaReference schema = target.schema();
    if (!schema.exists()) {
      throw new KeldaException(
          ErrorCode.SCHEMA_NOT_FOUND,
          "there is no schema \"%s\"%s"
              .formatted(
                  schema.name(),
                  Names.suggestion(schema.name(), snapshot(caller).schemaNames(schema.catalog()))),
          position);
    }
    return new TableName(schema.catalog().name(), schema.name(), target.name());
  }

  @Override
  public Optional<Connector> connector(String catalog) {
    return connectors.catalogs().find(catalog).map(Catalogs.Entry::connector);
  }

  private CatalogSnapshot snapshot(Caller caller) {
    return CatalogSnapshot.of(
        connectors.catalogs(),
        new SessionContext(caller.user(), caller.catalog(), caller.schema()));
  }

  @Override
  public Optional<NamedTable> table(Caller caller, List<String> name) {
    return snapshot(caller)
        .find(name)
        .map(t -> new NamedTable(t.catalog(), t.schema(), t.name(), t.table()));
  }

  @Override
  public Map<String, String> options(String section) {
    return config.modules().getOrDefault(section, Map.of());
  }

  @Override
  public long append(
      Caller caller,
      TableName table,
      boolean create,
      ArrowReader rows,
      Map<String, String> summary) {
    return within(
        caller, session -> Results.count(queries.append(session, table, create, rows, summary)));
  }

  @Override
  public void namesChanged() {
    connectors.changed();
  }

  private <T> T within(Caller caller, Function<Session, T> work) {
    Session session = queries.session(caller);
    try {
      return work.apply(session);
    } finally {
      release(session, caller);
    }
  }

  /** A session that was opened for one query ends with it. */
  private static void release(Session session, Caller caller) {
    boolean borrowed = caller instanceof SessionCaller known && known.session() == session;
    if (!borrowed) {
      session.close();
    }
  }
}
