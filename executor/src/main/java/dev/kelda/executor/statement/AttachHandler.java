package dev.kelda.executor.statement;

import dev.kelda.parser.Statement;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;

/** {@code ATTACH 'type' AS catalog WITH (…)}: a catalog until DETACH or the server's end. */
record AttachHandler(Services services) implements StatementHandler<Statement.Attach> {
  @Override
  public Class<Statement.Attach> statement() {
    return Statement.Attach.class;
  }

  @Override
  public Action prepare(Statement.Attach statement, Request request) {
    if (statement.catalog().parts().size() != 1) {
      throw new KeldaException(
          ErrorCode.INVALID_ARGUMENT,
          "a catalog's name has one part: " + statement.catalog(),
          statement.catalog().position());
    }
    String name = statement.catalog().last();
    return Action.update(
        () -> {
          boolean exists = services.connectors().catalogs().find(name).isPresent();
          if (!exists || !statement.ifNotExists()) {
            Positioned.at(
                statement.position(),
                () -> {
                  services.connectors().attach(name, statement.type(), statement.options());
                  return name;
                });
          }
        });
  }
}
