package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.Message;
import dev.kelda.executor.QueryEngine;
import dev.kelda.server.Limits;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.ActionType;
import org.apache.arrow.flight.Criteria;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightEndpoint;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightProducer;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.PollInfo;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.flight.Result;
import org.apache.arrow.flight.SchemaResult;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.flight.sql.impl.FlightSql;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;

/** The Flight methods: finds what a call asks for, and turns every failure into a Flight error. */
final class KeldaFlightProducer implements FlightProducer {
  private final QueryEngine engine;
  private final Sessions sessions;
  private final Statements statements;
  private final Uploads uploads;
  private final Exchanges exchanges;
  private final Actions actions;
  private final Tickets tickets;
  private final SqlInfoTable sqlInfo;
  private final FlightErrors errors;
  private final Limits limits;
  private final Executor workers;

  KeldaFlightProducer(
      QueryEngine engine,
      Sessions sessions,
      Statements statements,
      Uploads uploads,
      Exchanges exchanges,
      Actions actions,
      Tickets tickets,
      SqlInfoTable sqlInfo,
      FlightErrors errors,
      Limits limits,
      Executor workers) {
    this.engine = requireNonNull(engine, "engine is null");
    this.sessions = requireNonNull(sessions, "sessions is null");
    this.statements = requireNonNull(statements, "statements is null");
    this.uploads = requireNonNull(uploads, "uploads is null");
    this.exchanges = requireNonNull(exchanges, "exchanges is null");
    this.actions = requireNonNull(actions, "actions is null");
    this.tickets = requireNonNull(tickets, "tickets is null");
    this.sqlInfo = requireNonNull(sqlInfo, "sqlInfo is null");
    this.errors = requireNonNull(errors, "errors is null");
    this.limits = requireNonNull(limits, "limits is null");
    this.workers = requireNonNull(workers, "workers is null");
  }

  @Override
  public FlightInfo getFlightInfo(CallContext context, FlightDescriptor descriptor) {
    return guarded(() -> info(descriptor));
  }

  private FlightInfo info(FlightDescriptor descriptor) {
    Caller caller = Caller.current();
    return switch (Commands.parse(descriptor)) {
      case FlightSql.CommandStatementQuery query -> {
        Uploads.requireNoTransaction(query.hasTransactionId());
        yield statements.info(sessions.of(caller), query.getQuery(), descriptor);
      }
      case FlightSql.CommandPreparedStatementQuery query ->
          statements.info(
              sessions.prepared(query.getPreparedStatementHandle().toStringUtf8(), caller),
              descriptor);
      case Message metadata -> statements.metadata(metadata, descriptor, caller.user());
    };
  }

  /** Planning is quick and the rows come with DoGet, so that the first poll is the last. */
  @Override
  public PollInfo pollFlightInfo(CallContext context, FlightDescriptor descriptor) {
    return guarded(
        () -> {
          FlightInfo info = info(descriptor);
          Instant expiry =
              info.getEndpoints().stream()
                  .map(FlightEndpoint::getExpirationTime)
                  .flatMap(java.util.Optional::stream)
                  .findFirst()
                  .orElse(null);
          return new PollInfo(info, null, 1.0, expiry);
        });
  }

  @Override
  public SchemaResult getSchema(CallContext context, FlightDescriptor descriptor) {
    return guarded(
        () -> {
          Caller caller = Caller.current();
          return new SchemaResult(
              switch (Commands.parse(descriptor)) {
                case FlightSql.CommandStatementQuery query ->
                    statements.schema(sessions.of(caller), query.getQuery());
                case FlightSql.CommandPreparedStatementQuery query ->
                    sessions
                        .prepared(query.getPreparedStatementHandle().toStringUtf8(), caller)
                        .prepared()
                        .resultSchema();
                case Message metadata -> Metadata.schema(metadata);
              });
        });
  }

  @Override
  public void getStream(CallContext context, Ticket ticket, ServerStreamListener listener) {
    try {
      Caller caller = Caller.current();
      Tickets.Kind kind = tickets.kind(ticket.getBytes());
      switch (kind) {
        case EXECUTION -> {
          Execution execution = statements.execution(ticket.getBytes(), caller.user());
          execution.session().used(Instant.now());
          onWorker(listener, stream -> statements.fetch(execution, stream, errors));
        }
        case METADATA -> {
          Message command =
              Commands.parse(tickets.open(kind, ticket.getBytes(), caller.user()).payload());
          metadata(command, sessions.of(caller), listener);
        }
        case BEARER -> throw Tickets.invalid("it is a token");
      }
    } catch (Throwable e) {
      listener.error(errors.toFlight(e));
    }
  }

  private void metadata(Message command, ServerSession session, ServerStreamListener listener) {
    if (command instanceof FlightSql.CommandGetSqlInfo infos) {
      sqlInfo.send(infos.getInfoList(), listener);
      return;
    }
    onWorker(
        listener,
        stream -> {
          BufferAllocator root = engine.allocator();
          try (BufferAllocator allocator = root.newChildAllocator("metadata", 0, Long.MAX_VALUE);
              VectorSchemaRoot rows =
                  Metadata.rows(command, engine.catalogs(session.engineSession()), allocator)) {
            stream.start(rows.getSchema());
            stream.send(rows);
            stream.complete();
            stream.drain();
          } catch (Throwable e) {
            stream.fail(errors.toFlight(e));
            stream.drain();
          }
        });
  }

  private interface Work {
    void into(ResultStream stream);
  }

  private void onWorker(ServerStreamListener listener, Work work) {
    ResultStream stream = new ResultStream(listener, engine.allocator(), limits);
    try {
      workers.execute(
          () -> {
            try (stream) {
              work.into(stream);
            } catch (Throwable e) {
              stream.fail(errors.toFlight(e));
            }
          });
    } catch (java.util.concurrent.RejectedExecutionException e) {
      stream.close();
      throw new KeldaException(ErrorCode.SHUTTING_DOWN, "the server is shutting down", e);
    }
  }

  @Override
  public Runnable acceptPut(
      CallContext context, FlightStream stream, StreamListener<PutResult> answer) {
    return () -> {
      try {
        uploads.accept(Caller.current(), stream, answer);
      } catch (Throwable e) {
        answer.onError(errors.toFlight(e));
      }
    };
  }

  @Override
  public void doExchange(CallContext context, FlightStream in, ServerStreamListener listener) {
    Caller caller = Caller.current();
    try (ResultStream out = new ResultStream(listener, engine.allocator(), limits)) {
      try {
        exchanges.run(caller, in, out);
      } catch (Throwable e) {
        out.fail(errors.toFlight(e));
      }
    }
  }

  @Override
  public void doAction(CallContext context, Action action, StreamListener<Result> answer) {
    try {
      actions.run(Caller.current(), action, answer);
    } catch (Throwable e) {
      answer.onError(errors.toFlight(e));
    }
  }

  @Override
  public void listActions(CallContext context, StreamListener<ActionType> answer) {
    Actions.SUPPORTED.forEach(answer::onNext);
    answer.onCompleted();
  }

  @Override
  public void listFlights(
      CallContext context, Criteria criteria, StreamListener<FlightInfo> answer) {
    answer.onCompleted(); // tables are found with Flight SQL's metadata commands
  }

  private <T> T guarded(Callable<T> call) {
    try {
      return call.call();
    } catch (Throwable e) {
      throw errors.toFlight(e);
    }
  }
}
