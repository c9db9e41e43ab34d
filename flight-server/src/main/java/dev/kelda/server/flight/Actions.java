package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.ActionType;
import org.apache.arrow.flight.CancelFlightInfoRequest;
import org.apache.arrow.flight.CancelFlightInfoResult;
import org.apache.arrow.flight.CancelStatus;
import org.apache.arrow.flight.FlightConstants;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightProducer.StreamListener;
import org.apache.arrow.flight.RenewFlightEndpointRequest;
import org.apache.arrow.flight.Result;
import org.apache.arrow.flight.sql.FlightSqlUtils;
import org.apache.arrow.flight.sql.impl.FlightSql;
import org.apache.arrow.flight.sql.impl.FlightSql.ActionCreatePreparedStatementResult;

/** DoAction: prepared statements, sessions, cancelling and renewing. */
final class Actions {
  static final List<ActionType> SUPPORTED =
      List.of(
          FlightSqlUtils.FLIGHT_SQL_CREATE_PREPARED_STATEMENT,
          FlightSqlUtils.FLIGHT_SQL_CLOSE_PREPARED_STATEMENT,
          FlightSqlUtils.FLIGHT_SQL_CANCEL_QUERY,
          FlightConstants.CANCEL_FLIGHT_INFO,
          FlightConstants.RENEW_FLIGHT_ENDPOINT,
          FlightConstants.SET_SESSION_OPTIONS,
          FlightConstants.GET_SESSION_OPTIONS,
          FlightConstants.CLOSE_SESSION);

  private final Statements statements;
  private final Sessions sessions;
  private final SessionOptions options;

  Actions(Statements statements, Sessions sessions, SessionOptions options) {
    this.statements = requireNonNull(statements, "statements is null");
    this.sessions = requireNonNull(sessions, "sessions is null");
    this.options = requireNonNull(options, "options is null");
  }

  /** Answers with one result, or none, and completes. */
  void run(Caller caller, Action action, StreamListener<Result> answer) {
    result(caller, action).ifPresent(body -> answer.onNext(new Result(body)));
    answer.onCompleted();
  }

  private Optional<byte[]> result(Caller caller, Action action) {
    byte[] body = action.getBody();
    try {
      return switch (action.getType()) {
        case "CreatePreparedStatement" ->
            Optional.of(
                prepare(
                    caller, unpack(body, FlightSql.ActionCreatePreparedStatementRequest.class)));
        case "ClosePreparedStatement" -> {
          var request = unpack(body, FlightSql.ActionClosePreparedStatementRequest.class);
          sessions.closePrepared(request.getPreparedStatementHandle().toStringUtf8(), caller);
          yield Optional.empty();
        }
        case "CancelQuery" -> {
          var request = unpack(body, FlightSql.ActionCancelQueryRequest.class);
          FlightInfo info = FlightInfo.deserialize(request.getInfo().asReadOnlyByteBuffer());
          yield Optional.of(cancelResult(cancel(caller, info)));
        }
        case "CancelFlightInfo" -> {
          var request = CancelFlightInfoRequest.deserialize(ByteBuffer.wrap(body));
          CancelStatus status = cancel(caller, request.getInfo());
          yield Optional.of(bytes(new CancelFlightInfoResult(status).serialize()));
        }
        case "RenewFlightEndpoint" -> {
          var request = RenewFlightEndpointRequest.deserialize(ByteBuffer.wrap(body));
          byte[] ticket = request.getFlightEndpoint().getTicket().getBytes();
          yield Optional.of(bytes(statements.renew(ticket, caller.user()).serialize()));
        }
        case "SetSessionOptions" -> Optional.of(options.set(caller, body));
        case "GetSessionOptions" -> Optional.of(options.get(caller));
        case "CloseSession" -> Optional.of(options.close(caller));
        case "BeginTransaction", "EndTransaction", "BeginSavepoint", "EndSavepoint" ->
            throw new KeldaException(
                ErrorCode.NOT_SUPPORTED,
                "transactions are not supported: each statement is its own");
        default ->
            throw new KeldaException(
                ErrorCode.NOT_SUPPORTED, "action '" + action.getType() + "' is not supported");
      };
    } catch (IOException | URISyntaxException e) {
      throw malformed(action.getType(), e);
    }
  }

  private byte[] prepare(Caller caller, FlightSql.ActionCreatePreparedStatementRequest request) {
    Uploads.requireNoTransaction(request.hasTransactionId());
    PreparedHandle handle = statements.prepare(sessions.of(caller), request.getQuery());
    ActionCreatePreparedStatementResult.Builder result =
        ActionCreatePreparedStatementResult.newBuilder()
            .setPreparedStatementHandle(ByteString.copyFromUtf8(handle.id()))
            .setParameterSchema(
                ByteString.copyFrom(
                    Metadata.serialised(
                        Parameters.announced(handle.prepared().parameterSchema()))));
    // JDBC takes a statement without a schema for an update.
    if (!handle.prepared().resultSchema().getFields().isEmpty()) {
      result.setDatasetSchema(
          ByteString.copyFrom(Metadata.serialised(handle.prepared().resultSchema())));
    }
    return Any.pack(result.build()).toByteArray();
  }

  private CancelStatus cancel(Caller caller, FlightInfo info) {
    boolean running = false;
    for (var endpoint : info.getEndpoints()) {
      Execution execution = statements.execution(endpoint.getTicket().getBytes(), caller.user());
      if (execution.updateCount().isPresent()) {
        return CancelStatus.NOT_CANCELLABLE;
      }
      running |= execution.cancel();
    }
    return running ? CancelStatus.CANCELLING : CancelStatus.CANCELLED;
  }

  private static byte[] cancelResult(CancelStatus status) {
    FlightSql.ActionCancelQueryResult.CancelResult result =
        switch (status) {
          case CANCELLED -> FlightSql.ActionCancelQueryResult.CancelResult.CANCEL_RESULT_CANCELLED;
          case CANCELLING ->
              FlightSql.ActionCancelQueryResult.CancelResult.CANCEL_RESULT_CANCELLING;
          case NOT_CANCELLABLE ->
              FlightSql.ActionCancelQueryResult.CancelResult.CANCEL_RESULT_NOT_CANCELLABLE;
          case UNSPECIFIED ->
              FlightSql.ActionCancelQueryResult.CancelResult.CANCEL_RESULT_UNSPECIFIED;
        };
    return Any.pack(FlightSql.ActionCancelQueryResult.newBuilder().setResult(result).build())
        .toByteArray();
  }

  private static <T extends Message> T unpack(byte[] body, Class<T> type) {
    try {
      return Any.parseFrom(body).unpack(type);
    } catch (InvalidProtocolBufferException e) {
      throw malformed(type.getSimpleName(), e);
    }
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static KeldaException malformed(String what, Exception cause) {
    return new KeldaException(ErrorCode.INVALID_ARGUMENT, "malformed " + what, cause);
  }
}
