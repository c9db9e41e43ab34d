package dev.kelda.server.flight;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.sql.impl.FlightSql;

/**
 * What a descriptor asks for. Flight SQL packs a message; bytes that are no such message are read
 * as SQL text, so that {@code FlightDescriptor.for_command(b"SELECT 1")} works.
 */
final class Commands {
  private static final String PREFIX = "type.googleapis.com/arrow.flight.protocol.sql.";

  private static final Map<String, Message> KNOWN =
      Map.ofEntries(
          entry(FlightSql.CommandStatementQuery.getDefaultInstance()),
          entry(FlightSql.CommandPreparedStatementQuery.getDefaultInstance()),
          entry(FlightSql.CommandStatementUpdate.getDefaultInstance()),
          entry(FlightSql.CommandPreparedStatementUpdate.getDefaultInstance()),
          entry(FlightSql.CommandStatementIngest.getDefaultInstance()),
          entry(FlightSql.CommandStatementSubstraitPlan.getDefaultInstance()),
          entry(FlightSql.CommandGetCatalogs.getDefaultInstance()),
          entry(FlightSql.CommandGetDbSchemas.getDefaultInstance()),
          entry(FlightSql.CommandGetTables.getDefaultInstance()),
          entry(FlightSql.CommandGetTableTypes.getDefaultInstance()),
          entry(FlightSql.CommandGetSqlInfo.getDefaultInstance()),
          entry(FlightSql.CommandGetPrimaryKeys.getDefaultInstance()),
          entry(FlightSql.CommandGetExportedKeys.getDefaultInstance()),
          entry(FlightSql.CommandGetImportedKeys.getDefaultInstance()),
          entry(FlightSql.CommandGetCrossReference.getDefaultInstance()),
          entry(FlightSql.CommandGetXdbcTypeInfo.getDefaultInstance()));

  private Commands() {}

  /**
   * @throws KeldaException INVALID_ARGUMENT for a path, or a message that is none of Flight SQL's
   */
  static Message parse(FlightDescriptor descriptor) {
    if (!descriptor.isCommand()) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "a path is not supported; send a Flight SQL command, or SQL text as the command");
    }
    return parse(descriptor.getCommand());
  }

  static Message parse(byte[] command) {
    Optional<Any> packed = packed(command);
    if (packed.isEmpty()) {
      return FlightSql.CommandStatementQuery.newBuilder().setQuery(text(command)).build();
    }
    Message prototype = KNOWN.get(packed.get().getTypeUrl());
    if (prototype == null) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED, "command " + packed.get().getTypeUrl() + " is not supported");
    }
    try {
      return prototype.getParserForType().parseFrom(packed.get().getValue());
    } catch (InvalidProtocolBufferException e) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT, "malformed " + packed.get().getTypeUrl(), e);
    }
  }

  private static Optional<Any> packed(byte[] command) {
    try {
      Any any = Any.parseFrom(command);
      return any.getTypeUrl().contains("/") && any.getUnknownFields().asMap().isEmpty()
          ? Optional.of(any)
          : Optional.empty();
    } catch (InvalidProtocolBufferException e) {
      return Optional.empty();
    }
  }

  private static String text(byte[] command) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(command)).toString();
    } catch (CharacterCodingException e) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "the command is neither a Flight SQL message nor SQL text",
          e);
    }
  }

  private static Map.Entry<String, Message> entry(Message prototype) {
    return Map.entry(PREFIX + prototype.getDescriptorForType().getName(), prototype);
  }
}
