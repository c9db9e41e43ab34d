package dev.kelda.executor.statement;

import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.Names;
import dev.kelda.planner.catalog.SchemaReference;
import dev.kelda.spi.connector.WritableConnector;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.Optional;

/** {@code DROP SCHEMA [IF EXISTS] name [CASCADE]}. */
record DropSchemaHandler(Services services) implements StatementHandler<Statement.DropSchema> {
  @Override
  public Class<Statement.DropSchema> statement() {
    return Statement.DropSchema.class;
  }

  @Override
  public Action prepare(Statement.DropSchema statement, Request request) {
    SchemaReference schema =
        request
            .catalog()
            .schema(statement.name().parts(), Optional.of(statement.name().position()));
    WritableConnector connector = Targets.writable(schema.catalog());
    if (!schema.exists() && !statement.ifExists()) {
      throw new KeldaException(
          ErrorCode.SCHEMA_NOT_FOUND,
          "there is no schema \"%s\"%s"
              .formatted(
                  schema,
                  Names.suggestion(schema.name(), request.catalog().schemaNames(schema.catalog()))),
          statement.name().position());
    }
    return Action.update(
        () -> {
          if (schema.exists()) {
            connector.dropSchema(schema.name(), statement.cascade());
            services.connectors().changed();
          }
        });
  }
}
