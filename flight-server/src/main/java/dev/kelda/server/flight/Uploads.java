package dev.kelda.server.flight;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.kelda.executor.IngestRequest;
import dev.kelda.executor.IngestRequest.IfExists;
import dev.kelda.executor.IngestRequest.IfMissing;
import dev.kelda.executor.QueryEngine;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.flight.FlightProducer.StreamListener;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.PutResult;
import org.apache.arrow.flight.sql.impl.FlightSql;
import org.apache.arrow.flight.sql.impl.FlightSql.CommandStatementIngest;
import org.apache.arrow.flight.sql.impl.FlightSql.CommandStatementIngest.TableDefinitionOptions.TableExistsOption;
import org.apache.arrow.flight.sql.impl.FlightSql.CommandStatementIngest.TableDefinitionOptions.TableNotExistOption;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.types.pojo.Field;

/** DoPut: updates, parameters and tables. */
final class Uploads {
  private final QueryEngine engine;
  private final Sessions sessions;
  private final Statements statements;
  private final BufferAllocator allocator;

  Uploads(QueryEngine engine, Sessions sessions, Statements statements, BufferAllocator allocator) {
    this.engine = requireNonNull(engine, "engine is null");
    this.sessions = requireNonNull(sessions, "sessions is null");
    this.statements = requireNonNull(statements, "statements is null");
    this.allocator = requireNonNull(allocator, "allocator is null");
  }

  /** Takes the whole stream and answers once. */
  void accept(Caller caller, FlightStream stream, StreamListener<PutResult> answer)
      throws IOException {
    switch (Commands.parse(caller.interruptible(stream::getDescriptor))) {
      case FlightSql.CommandStatementUpdate command -> {
        requireNoTransaction(command.hasTransactionId());
        long count = statements.update(sessions.of(caller), command.getQuery());
        answer(answer, updateResult(count));
      }
      case FlightSql.CommandStatementQuery command -> {
        // SQL text as the command
        long count = statements.update(sessions.of(caller), command.getQuery());
        answer(answer, updateResult(count));
      }
      case FlightSql.CommandPreparedStatementUpdate command -> {
        PreparedHandle handle =
            sessions.prepared(command.getPreparedStatementHandle().toStringUtf8(), caller);
        List<List<Scalar>> uploaded = parameters(handle, stream);
        long count =
            statements.update(
                handle.session(),
                handle.prepared(),
                uploaded.isEmpty() ? Statements.parameters(handle) : uploaded);
        answer(answer, updateResult(count));
      }
      case FlightSql.CommandPreparedStatementQuery command -> {
        PreparedHandle handle =
            sessions.prepared(command.getPreparedStatementHandle().toStringUtf8(), caller);
        handle.bind(parameters(handle, stream));
        answer(
            answer,
            FlightSql.DoPutPreparedStatementResult.newBuilder()
                .setPreparedStatementHandle(ByteString.copyFromUtf8(handle.id()))
                .build());
      }
      case CommandStatementIngest command ->
          answer(answer, updateResult(ingest(sessions.of(caller), command, stream)));
      case Message other ->
          throw new KeldaException(
              ErrorCode.NOT_SUPPORTED,
              other.getDescriptorForType().getName() + " is not supported by DoPut");
    }
  }

  private List<List<Scalar>> parameters(PreparedHandle handle, FlightStream stream)
      throws IOException {
    List<Field> declared = handle.prepared().parameterSchema().getFields();
    if (declared.isEmpty()) {
      return List.of();
    }
    try (UploadReader reader = new UploadReader(stream, allocator)) {
      return UploadReader.collect(reader, batch -> Parameters.rows(batch, declared));
    }
  }

  private long ingest(ServerSession session, CommandStatementIngest command, FlightStream stream)
      throws IOException {
    requireNoTransaction(command.hasTransactionId());
    if (command.getTemporary()) {
      throw new KeldaException(ErrorCode.NOT_SUPPORTED, "temporary tables are not supported");
    }
    if (command.getTable().isBlank()) {
      throw new KeldaException(ErrorCode.INVALID_ARGUMENT, "the table to ingest into has no name");
    }
    CommandStatementIngest.TableDefinitionOptions options = command.getTableDefinitionOptions();
    IngestRequest request =
        new IngestRequest(
            given(command.hasCatalog(), command.getCatalog()),
            given(command.hasSchema(), command.getSchema()),
            command.getTable(),
            options.getIfNotExist() == TableNotExistOption.TABLE_NOT_EXIST_OPTION_CREATE
                ? IfMissing.CREATE
                : IfMissing.FAIL,
            ifExists(options.getIfExists()),
            command.getOptionsMap());
    try (var _ = sessions.enter(session);
        UploadReader reader = new UploadReader(stream, allocator)) {
      return engine.ingest(session.engineSession(), request, reader);
    }
  }

  private static IfExists ifExists(TableExistsOption option) {
    return switch (option) {
      case TABLE_EXISTS_OPTION_APPEND -> IfExists.APPEND;
      case TABLE_EXISTS_OPTION_REPLACE -> IfExists.REPLACE;
      case TABLE_EXISTS_OPTION_FAIL, TABLE_EXISTS_OPTION_UNSPECIFIED -> IfExists.FAIL;
      case UNRECOGNIZED ->
          throw new KeldaException(
              ErrorCode.INVALID_ARGUMENT, "unknown option for a table that exists");
    };
  }

  static void requireNoTransaction(boolean given) {
    if (given) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED, "transactions are not supported: each statement is its own");
    }
  }

  private static Optional<String> given(boolean present, String value) {
    return present && !value.isEmpty() ? Optional.of(value) : Optional.empty();
  }

  private static Message updateResult(long count) {
    return FlightSql.DoPutUpdateResult.newBuilder().setRecordCount(count).build();
  }

  private void answer(StreamListener<PutResult> listener, Message message) {
    byte[] bytes = message.toByteArray();
    try (ArrowBuf buffer = allocator.buffer(bytes.length)) {
      buffer.writeBytes(bytes);
      listener.onNext(PutResult.metadata(buffer));
    }
    listener.onCompleted();
  }
}
