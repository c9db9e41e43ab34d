package dev.kelda.executor;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.bridge.NativeEngine;
import dev.kelda.executor.extension.Extensions;
import dev.kelda.executor.extension.ModuleQueries;
import dev.kelda.executor.extension.ModuleServices;
import dev.kelda.executor.extension.RunningStatement;
import dev.kelda.executor.extension.SessionCaller;
import dev.kelda.executor.extension.Sinks;
import dev.kelda.executor.history.RunHistory;
import dev.kelda.executor.ingest.Ingestion;
import dev.kelda.executor.metastore.JdbcMetastore;
import dev.kelda.executor.run.EngineUpcalls;
import dev.kelda.executor.run.Execution;
import dev.kelda.executor.run.Executions;
import dev.kelda.executor.run.Failures;
import dev.kelda.executor.run.NativeRunner;
import dev.kelda.executor.run.Outcome;
import dev.kelda.executor.run.Parameters;
import dev.kelda.executor.setting.SettingValues;
import dev.kelda.executor.statement.Action;
import dev.kelda.executor.statement.ConnectorRegistry;
import dev.kelda.executor.statement.Exports;
import dev.kelda.executor.statement.Handlers;
import dev.kelda.executor.statement.ModuleStatementHandler;
import dev.kelda.executor.statement.Planning;
import dev.kelda.executor.statement.Request;
import dev.kelda.executor.statement.Services;
import dev.kelda.executor.system.SystemConnector;
import dev.kelda.executor.wire.Inspections;
import dev.kelda.executor.wire.NativeStores;
import dev.kelda.parser.SqlText;
import dev.kelda.spi.connector.Connector;
import dev.kelda.spi.connector.ConnectorContext;
import dev.kelda.spi.connector.ConnectorFactory;
import dev.kelda.spi.connector.LocationPolicy;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.error.UnboundParameterException;
import dev.kelda.spi.exchange.Exchange;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices.TableName;
import dev.kelda.spi.extension.ExtensionFactory;
import dev.kelda.spi.extension.Metric;
import dev.kelda.spi.extension.QueryAnalysis;
import dev.kelda.spi.extension.SqlQuery;
import dev.kelda.spi.function.JavaFunction;
import dev.kelda.spi.http.HttpRoute;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Field;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** SQL in, Arrow out. Thread-safe; everything thrown is a {@link KeldaException}. */
public final class QueryEngine implements AutoCloseable {
  /**
   * On a thread with such a stack a statement starts at once; from others it is handed to a thread
   * that has one, which costs two switches. Reserved, not used.
   */
  public static final long DEEP_STACK_BYTES = 64L << 20;

  private static final Logger LOG = LoggerFactory.getLogger(QueryEngine.class);

  private final Deque<AutoCloseable> resources = new ArrayDeque<>(); // the last opened first
  private final Map<String, Session> sessions = new ConcurrentHashMap<>();
  private final BufferAllocator root;
  private final Executions executions;
  private final PlanningThreads planningThreads;
  private final NativeEngine nativeEngine;
  private final ConnectorRegistry connectors;
  private final Handlers handlers;
  private final Extensions extensions;
  private final Ingestion ingestion;
  private final RunHistory runs;
  private final PlanCache plans = new PlanCache();
  private final Planning planning = new Planning();
  private final SettingValues defaults;

  /** Runs one statement: the way of a query, from its text to its rows. */
  public QueryResult run(Session session, String sql) {
    return executions.run(
        alive(session),
        sql,
        execution -> {
          Action action = plan(session, sql, Binding.NONE, execution::onCancel);
          return action.work().run(execution, List.of());
        });
  }

  // Parse and plan, or find the plan of before. The caller waits; deep statements need deep stacks.
  private Action plan(Session session, String sql, Binding binding, Consumer<Runnable> onCancel) {
    return plans.find(
        session,
        sql,
        connectors.changes(),
        binding,
        () -> planAnew(session, sql, binding, Map.of(), onCancel));
  }

  private Action planAnew(
      Session session,
      String sql,
      Binding binding,
      Map<String, Table> tables,
      Consumer<Runnable> onCancel) {
    return planningThreads.call(
        onCancel,
        () ->
            handlers.prepare(
                SqlText.parse(sql, binding.constants()),
                Request.of(session, connectors.catalogs(), binding.types(), tables)));
  }

  private Action plan(
      Session session, SqlQuery query, Map<String, Table> tables, Consumer<Runnable> onCancel) {
    try {
      return tables.isEmpty()
          ? plan(session, query.text(), Binding.NONE, onCancel)
          : planAnew(session, query.text(), Binding.NONE, tables, onCancel);
    } catch (KeldaException e) {
      throw ModuleStatementHandler.shifted(e, query);
    }
  }

  /** Checks a statement and plans it, as far as that is possible; changes nothing. */
  public Prepared prepare(Session session, String sql) {
    try {
      return planned(session, sql, Binding.NONE);
    } catch (UnboundParameterException e) {
      return PreparedStatement.unbound(sql, alive(session).path(), connectors.changes());
    } catch (Throwable thrown) {
      throw Failures.of(thrown);
    }
  }

  private PreparedStatement planned(Session session, String sql, Binding binding) {
    return new PreparedStatement(
        sql,
        alive(session).path(),
        connectors.changes(),
        binding,
        plan(session, sql, binding, whenCancelled -> {}));
  }

  /**
   * The statement for these rows of values: planned anew when they need other types than those that
   * were inferred for the parameters, or decide what is read; then the first row says what.
   */
  public Prepared bind(Session session, Prepared prepared, List<List<Scalar>> rows) {
    PreparedStatement statement = (PreparedStatement) prepared;
    if (rows.isEmpty() || statement.action().parameters().isEmpty() && !statement.isBound()) {
      return prepared;
    }
    try {
      List<Scalar> first = rows.getFirst();
      Binding values = statement.binding().withValues(first);
      if (!statement.isPlanned() || !values.equals(statement.binding())) {
        statement = bound(session, statement.sql(), values, first);
      }
      Action action = statement.action();
      Map<Integer, Field> misfits =
          Parameters.misfits(action.parameters(), action.openParameters(), rows);
      misfits.keySet().removeAll(statement.binding().types().keySet());
      return misfits.isEmpty() ? statement : retyped(session, statement, misfits, first);
    } catch (Throwable thrown) {
      throw Failures.of(thrown);
    }
  }

  // The type of a value that stands alone is a wish: UPPER(?) takes 5 as the text that it is not.
  private PreparedStatement retyped(
      Session session, PreparedStatement statement, Map<Integer, Field> types, List<Scalar> row) {
    try {
      return bound(session, statement.sql(), statement.binding().withTypes(types), row);
    } catch (KeldaException e) {
      if (statement.action().openParameters().containsAll(types.keySet())) {
        return statement;
      }
      throw e;
    }
  }

  private PreparedStatement bound(Session session, String sql, Binding first, List<Scalar> row) {
    for (Binding binding = first; ; ) {
      try {
        return planned(session, sql, binding);
      } catch (UnboundParameterException e) {
        if (e.index() >= row.size() || binding.constants().containsKey(e.index())) {
          throw e;
        }
        binding = binding.withConstant(e.index(), row.get(e.index()));
      }
    }
  }

  /** Runs a prepared statement once, planned anew when its tables have changed. */
  public QueryResult execute(Session session, Prepared prepared, List<Scalar> parameters) {
    PreparedStatement statement = (PreparedStatement) bind(session, prepared, List.of(parameters));
    return executions.run(
        alive(session),
        statement.sql(),
        execution -> {
          Action action = current(session, statement, execution);
          return action.work().run(execution, statement.values(action, parameters));
        });
  }

  private Action current(Session session, PreparedStatement statement, Execution execution) {
    Action action = statement.action();
    boolean sameNames =
        statement.names() == connectors.changes() && statement.path().equals(session.path());
    return action.cacheable() && sameNames && action.isCurrent()
        ? action
        : plan(session, statement.sql(), statement.binding(), execution::onCancel);
  }

  private QueryEngine(EngineConfig config) {
    try {
      TemporaryFolder temporary = open(TemporaryFolder.create(config.home()));
      root = open(new RootAllocator());
      executions =
          new Executions(root, config.maxRunning(), config.maxQueued(), config.queryHistory());
      EngineUpcalls upcalls =
          new EngineUpcalls(executions::find, ServiceLoader.load(JavaFunction.class));
      nativeEngine = open(NativeEngine.open(NativeConfigs.of(config, temporary.path()), upcalls));
      planningThreads = open(new PlanningThreads());
      ConnectorContext context = context(config);
      connectors =
          open(
              new ConnectorRegistry(
                  ServiceLoader.load(ConnectorFactory.class), context, config.secrets()));
      JdbcMetastore metastore = open(new JdbcMetastore(config.metastore(), config.home()));
      runs = open(new RunHistory(metastore));
      ModuleQueries queries = moduleQueries();
      extensions =
          open(
              new Extensions(
                  ServiceLoader.load(ExtensionFactory.class),
                  new ModuleServices(config, context, connectors, metastore, runs, root, queries)));
      connectors.catalogs().contribute(extensions.functions());
      connectors.catalogs().resolve(extensions.resolvers());
      upcalls.contribute(
          extensions::function, execution -> new RunningStatement(execution, queries));
      open(executions);
      config.catalogs().forEach(connectors::configure);
      connectors.register(SystemConnector.NAME, systemCatalog());
      NativeRunner runner = new NativeRunner(nativeEngine, config.threads());
      handlers =
          new Handlers(
              new Services(
                  connectors,
                  planning,
                  runner,
                  executions,
                  runs,
                  this::functions,
                  new Exports(config.base(), config.allowedLocations(), config.home())),
              extensions,
              queries);
      ingestion = new Ingestion(connectors, runner, new Sinks(extensions, queries));
      defaults = defaults(config);
    } catch (Throwable thrown) {
      close();
      throw Failures.of(thrown);
    }
  }

  /**
   * @throws KeldaException INVALID_CONFIGURATION, STORAGE_ERROR
   */
  public static QueryEngine open(EngineConfig config) {
    return new QueryEngine(requireNonNull(config, "config is null"));
  }

  private <T extends AutoCloseable> T open(T resource) {
    resources.push(resource);
    return resource;
  }

  private ConnectorContext context(EngineConfig config) {
    List<String> allowed = new ArrayList<>(config.allowedLocations());
    allowed.add(config.home().toString());
    return new ConnectorContext(
        config.home(),
        new LocationPolicy(config.base(), allowed),
        new Inspections(nativeEngine::inspectFiles),
        new NativeStores(nativeEngine::callStore),
        config.metastore().properties());
  }

  private Connector systemCatalog() {
    return new SystemConnector(
        connectors.catalogs(),
        this::queries,
        runs::runs,
        this::sessions,
        this::functions,
        () -> EngineUpcalls.CURRENT.get().session().settings(),
        extensions.systemTables());
  }

  private ModuleQueries moduleQueries() {
    return new ModuleQueries() {
      @Override
      public Session session(Caller caller) {
        if (caller instanceof SessionCaller known) {
          return alive(known.session());
        }
        Session session = openSession(caller.user());
        session.use(caller.catalog(), caller.schema());
        return session;
      }

      @Override
      public Action plan(Session session, SqlQuery query) {
        return QueryEngine.this.plan(session, query, Map.of(), whenCancelled -> {});
      }

      @Override
      public QueryAnalysis analyze(Session session, SqlQuery query, boolean through) {
        try {
          return planningThreads.call(
              whenCancelled -> {},
              () ->
                  planning.analyze(
                      SqlText.parse(query.text()),
                      through
                          ? Request.of(session, connectors.catalogs())
                          : Request.ofWholes(session, connectors.catalogs())));
        } catch (KeldaException e) {
          throw ModuleStatementHandler.shifted(e, query);
        }
      }

      @Override
      public QueryResult run(
          Session session,
          SqlQuery query,
          List<Scalar> parameters,
          Map<String, Table> tables,
          Optional<Execution> parent) {
        Function<Execution, Outcome> work =
            execution -> {
              Action action = QueryEngine.this.plan(session, query, tables, execution::onCancel);
              return action
                  .work()
                  .run(execution, Parameters.coerce(action.parameters(), parameters));
            };
        return parent.isPresent()
            ? executions.runPart(parent.get(), session, query.text(), work)
            : executions.run(session, query.text(), work);
      }

      @Override
      public QueryResult append(
          Session session,
          TableName table,
          boolean create,
          ArrowReader rows,
          Map<String, String> summary) {
        return executions.run(
            session,
            "APPEND TO " + table,
            execution -> ingestion.append(execution, table, create, rows, summary));
      }
    };
  }

  private static SettingValues defaults(EngineConfig config) {
    SettingValues values = SettingValues.DEFAULTS;
    for (Map.Entry<String, String> setting : config.settings().entrySet()) {
      values = values.with(setting.getKey(), setting.getValue());
    }
    return values;
  }

  public Session openSession(String user) {
    Session session =
        new Session(
            UUID.randomUUID().toString(),
            user,
            Session.DEFAULT_PATH,
            defaults,
            closing -> {
              sessions.remove(closing.id());
              executions.cancelAll(closing);
            });
    sessions.put(session.id(), session);
    return session;
  }

  private static Session alive(Session session) {
    if (session.isClosed()) {
      throw new KeldaException(ErrorCode.INVALID_STATEMENT, "the session is closed");
    }
    session.used();
    return session;
  }

  /**
   * Reads the rows to their end, into a table. The caller closes them; they come from a child of
   * {@link #allocator}.
   *
   * @return rows written
   */
  public long ingest(Session session, IngestRequest request, ArrowReader rows) {
    try (QueryResult result =
        executions.run(
            alive(session),
            "INGEST INTO " + request.table(),
            execution -> ingestion.run(execution, request, rows))) {
      return result.updateCount();
    }
  }

  public CatalogView catalogs(Session session) {
    return new SessionCatalogView(alive(session), connectors.catalogs());
  }

  /** False when no such query runs. */
  public boolean cancel(String queryId) {
    return executions.cancel(queryId);
  }

  /** Running ones, then finished ones, each newest first. */
  public List<QueryInfo> queries() {
    return executions.queries();
  }

  public List<SessionInfo> sessions() {
    return sessions.values().stream().map(Session::info).toList();
  }

  public List<FunctionInfo> functions() {
    return FunctionListing.of(connectors.catalogs());
  }

  /** What the modules answer over HTTP. */
  public List<HttpRoute> routes() {
    return extensions.routes();
  }

  /** What the modules answer batch by batch. */
  public List<Exchange.Route> exchanges() {
    return extensions.exchanges();
  }

  /** What the modules measure. */
  public List<Metric> moduleMetrics() {
    return extensions.metrics();
  }

  public EngineMetrics metrics() {
    dev.kelda.executor.proto.EngineMetrics memory = nativeEngine.metrics();
    Executions.Counts counts = executions.counts();
    return new EngineMetrics(
        memory.getMemoryReservedBytes(),
        memory.getMemoryLimitBytes(),
        root.getAllocatedMemory(),
        counts.leakedBytes(),
        counts.running(),
        counts.queued(),
        counts.finished(),
        counts.failed(),
        counts.cancelled(),
        sessions.size(),
        plans.hits(),
        plans.misses(),
        counts.rows(),
        counts.bytes());
  }

  /** The root of every Arrow buffer; make children of it for rows given to {@link #ingest}. */
  public BufferAllocator allocator() {
    return root;
  }

  /** Cancels what runs, waits for it, and leaves neither threads nor temporary files. */
  @Override
  public void close() {
    while (!resources.isEmpty()) {
      AutoCloseable resource = resources.pop();
      try {
        resource.close();
      } catch (Exception e) {
        LOG.error("closing {}", resource.getClass().getSimpleName(), e);
      }
    }
  }
}
