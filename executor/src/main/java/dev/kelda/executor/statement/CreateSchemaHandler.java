package dev.kelda.executor.statement;

import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.SchemaReference;
import dev.kelda.spi.connector.WritableConnector;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.Optional;

/** {@code CREATE SCHEMA [IF NOT EXISTS] name}. */
record CreateSchemaHandler(Services services) implements StatementHandler<Statement.CreateSchema> {
  @Override
  public Class<Statement.CreateSchema> statement() {
    return Statement.CreateSchema.class;
  }

  @Override
  public Action prepare(Statement.CreateSchema statement, Request request) {
    SchemaReference schema =
        request
            .catalog()
            .schema(statement.name().parts(), Optional.of(statement.name().position()));
    WritableConnector connector = Targets.writable(schema.catalog());
    return Action.update(
        () -> {
          if (!schema.exists()) {
            connector.createSchema(schema.name());
            services.connectors().changed();
          } else if (!statement.ifNotExists()) {
            throw new KeldaException(
                ErrorCode.SCHEMA_EXISTS,
                "schema \"" + schema + "\" exists already",
                statement.name().position());
          }
        });
  }
}
