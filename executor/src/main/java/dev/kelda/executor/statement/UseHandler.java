package dev.kelda.executor.statement;

import dev.kelda.executor.Session;
import dev.kelda.parser.Name;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.Catalogs;
import dev.kelda.planner.catalog.Names;
import dev.kelda.planner.catalog.SchemaReference;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Optional;

/** {@code USE catalog}, {@code USE schema}, {@code USE catalog.schema}. */
record UseHandler(Services services) implements StatementHandler<Statement.Use> {
  private static final String MAIN = "main";

  @Override
  public Class<Statement.Use> statement() {
    return Statement.Use.class;
  }

  @Override
  public Action prepare(Statement.Use statement, Request request) {
    Session session = request.session();
    Session.Path path = path(statement.name(), request);
    return Action.update(() -> session.use(path.catalog(), path.schema()));
  }

  private Session.Path path(Name name, Request request) {
    SchemaReference schema = request.catalog().schema(name.parts(), Optional.of(name.position()));
    if (schema.exists()) {
      return new Session.Path(schema.catalog().name(), schema.name());
    }
    Optional<Catalogs.Entry> catalog =
        name.parts().size() == 1
            ? services.connectors().catalogs().find(name.last())
            : Optional.empty();
    if (catalog.isEmpty()) {
      throw new KeldaException(
          ErrorCode.SCHEMA_NOT_FOUND,
          "there is no schema \"%s\"%s"
              .formatted(
                  name,
                  Names.suggestion(name.last(), request.catalog().schemaNames(schema.catalog()))),
          name.position());
    }
    List<String> schemas = request.catalog().schemaNames(catalog.get());
    return new Session.Path(catalog.get().name(), schemas.size() == 1 ? schemas.getFirst() : MAIN);
  }
}
