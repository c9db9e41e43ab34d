package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.Message;
import dev.kelda.executor.Prepared;
import dev.kelda.executor.QueryEngine;
import dev.kelda.executor.QueryResult;
import dev.kelda.server.Limits;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightEndpoint;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.Ticket;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Statements and their tickets. A query is planned for its FlightInfo and runs at each DoGet; an
 * update runs once, for its FlightInfo, so that it is done when the client has the answer, and its
 * ticket gives an empty stream as often as it is fetched.
 */
final class Statements {
  private final QueryEngine engine;
  private final Sessions sessions;
  private final Tickets tickets;
  private final Limits limits;
  private final Clock clock;

  Statements(QueryEngine engine, Sessions sessions, Tickets tickets, Limits limits, Clock clock) {
    this.engine = requireNonNull(engine, "engine is null");
    this.sessions = requireNonNull(sessions, "sessions is null");
    this.tickets = requireNonNull(tickets, "tickets is null");
    this.limits = requireNonNull(limits, "limits is null");
    this.clock = requireNonNull(clock, "clock is null");
  }

  /** Plans a query, or runs an update. */
  FlightInfo info(ServerSession session, String sql, FlightDescriptor descriptor) {
    try (var _ = sessions.enter(session)) {
      Prepared prepared = engine.prepare(session.engineSession(), sql);
      requireNoParameters(prepared);
      return info(session, prepared, List.of(List.of()), descriptor);
    }
  }

  /** As {@link #info}, with the parameters bound last. */
  FlightInfo info(PreparedHandle handle, FlightDescriptor descriptor) {
    ServerSession session = handle.session();
    try (var _ = sessions.enter(session)) {
      List<List<Scalar>> rows = parameters(handle);
      Prepared bound = engine.bind(session.engineSession(), handle.prepared(), rows);
      return info(session, bound, rows, descriptor);
    }
  }

  private FlightInfo info(
      ServerSession session,
      Prepared prepared,
      List<List<Scalar>> parameterRows,
      FlightDescriptor descriptor) {
    OptionalLong count =
        prepared.kind() == Prepared.Kind.UPDATE
            ? OptionalLong.of(update(session, prepared, parameterRows))
            : OptionalLong.empty();
    Execution execution =
        new Execution(sessions.newId(), session, prepared, parameterRows, count, newExpiry());
    sessions.add(execution);
    return FlightInfo.builder(
            prepared.resultSchema(), descriptor, List.of(endpoint(execution, session.user())))
        .setRecords(count.orElse(-1))
        .setOrdered(true)
        .build();
  }

  Schema schema(ServerSession session, String sql) {
    return engine.prepare(session.engineSession(), sql).resultSchema();
  }

  PreparedHandle prepare(ServerSession session, String sql) {
    Prepared prepared = engine.prepare(session.engineSession(), sql);
    PreparedHandle handle = new PreparedHandle(sessions.newId(), session, prepared);
    sessions.add(handle);
    return handle;
  }

  /** Runs a statement for its count; the rows of a query are counted and thrown away. */
  long update(ServerSession session, String sql) {
    try (var _ = sessions.enter(session)) {
      Prepared prepared = engine.prepare(session.engineSession(), sql);
      requireNoParameters(prepared);
      return update(session, prepared, List.of(List.of()));
    }
  }

  /** Runs once for each row of parameters; the sum of the counts. */
  long update(ServerSession session, Prepared prepared, List<List<Scalar>> parameterRows) {
    try (var _ = sessions.enter(session)) {
      long count = 0;
      for (List<Scalar> parameters : parameterRows) {
        try (QueryResult result = engine.execute(session.engineSession(), prepared, parameters)) {
          count += result.isUpdate() ? result.updateCount() : discard(result);
        }
      }
      return count;
    }
  }

  private static long discard(QueryResult result) {
    long rows = 0;
    try {
      while (result.reader().loadNextBatch()) {
        rows += result.reader().getVectorSchemaRoot().getRowCount();
      }
    } catch (IOException e) {
      throw new KeldaException(ErrorCode.INTERNAL_ERROR, "reading a result: " + e.getMessage(), e);
    }
    return rows;
  }

  /** Runs an execution into the stream. On a worker thread; the stream is ended in any case. */
  void fetch(Execution execution, ResultStream stream, FlightErrors errors) {
    try {
      stream.onCancel(execution::cancelRunning);
      stream.start(execution.prepared().resultSchema());
      if (execution.updateCount().isEmpty()) {
        int last = execution.parameterRows().size() - 1;
        for (int i = 0; i <= last; i++) {
          run(execution, execution.parameterRows().get(i), i == last, stream, errors);
        }
      }
      stream.complete();
    } catch (Throwable e) {
      stream.fail(errors.toFlight(e));
    } finally {
      execution.session().fetched(execution);
    }
  }

  private void run(
      Execution execution,
      List<Scalar> parameters,
      boolean last,
      ResultStream stream,
      FlightErrors errors) {
    ServerSession session = execution.session();
    try (QueryResult result =
        engine.execute(session.engineSession(), execution.prepared(), parameters)) {
      if (!execution.started(result)) {
        throw new KeldaException(ErrorCode.CANCELLED, "the query was cancelled");
      }
      try {
        stream.send(result.reader());
        if (last) {
          stream.complete();
        }
      } catch (Throwable e) {
        // before the result is closed: what gRPC has queued belongs to it
        stream.fail(errors.toFlight(e));
      } finally {
        stream.drain();
        execution.ended(result);
      }
    }
  }

  /**
   * @throws KeldaException INVALID_TICKET
   */
  Execution execution(byte[] ticket, String user) {
    Tickets.Claim claim = tickets.open(Tickets.Kind.EXECUTION, ticket, user);
    return sessions
        .execution(new String(claim.payload(), StandardCharsets.US_ASCII))
        .orElseThrow(() -> Tickets.invalid("its session was closed, or its result given up"));
  }

  /** The same execution for longer. */
  FlightEndpoint renew(byte[] ticket, String user) {
    Execution execution = execution(ticket, user);
    execution.renew(newExpiry());
    return endpoint(execution, user);
  }

  private FlightEndpoint endpoint(Execution execution, String user) {
    byte[] payload = execution.id().getBytes(StandardCharsets.US_ASCII);
    return endpoint(new Tickets.Claim(Tickets.Kind.EXECUTION, execution.expiry(), user, payload));
  }

  private FlightEndpoint endpoint(Tickets.Claim claim) {
    return FlightEndpoint.builder(new Ticket(tickets.seal(claim)))
        .setExpirationTime(claim.expiry())
        .build();
  }

  /** The info of a metadata command: its ticket carries the command. */
  FlightInfo metadata(Message command, FlightDescriptor descriptor, String user) {
    byte[] packed = com.google.protobuf.Any.pack(command).toByteArray();
    FlightEndpoint endpoint =
        endpoint(new Tickets.Claim(Tickets.Kind.METADATA, newExpiry(), user, packed));
    return FlightInfo.builder(Metadata.schema(command), descriptor, List.of(endpoint)).build();
  }

  private Instant newExpiry() {
    return Instant.ofEpochMilli(clock.instant().plus(limits.ticketLife()).toEpochMilli());
  }

  static List<List<Scalar>> parameters(PreparedHandle handle) {
    if (handle.prepared().parameterSchema().getFields().isEmpty()) {
      return List.of(List.of());
    }
    List<List<Scalar>> bound = handle.parameterRows();
    if (bound.isEmpty()) {
      requireNoParameters(handle.prepared());
    }
    return bound;
  }

  private static void requireNoParameters(Prepared prepared) {
    int count = prepared.parameterSchema().getFields().size();
    if (count > 0) {
      throw new KeldaException(
          ErrorCode.WRONG_PARAMETERS,
          "the statement has " + count + " parameters, none were given");
    }
  }
}
