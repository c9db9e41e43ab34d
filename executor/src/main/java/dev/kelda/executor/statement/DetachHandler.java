package dev.kelda.executor.statement;

import dev.kelda.parser.Name;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.Catalogs;
import java.util.Optional;

/** {@code DETACH [IF EXISTS] catalog}. */
record DetachHandler(Services services) implements StatementHandler<Statement.Detach> {
  @Override
  public Class<Statement.Detach> statement() {
    return Statement.Detach.class;
  }

  @Override
  public Action prepare(Statement.Detach statement, Request request) {
    Name name = statement.catalog();
    return Action.update(
        () -> {
          Optional<Catalogs.Entry> known = services.connectors().catalogs().find(name.last());
          if (known.isPresent() || !statement.ifExists()) {
            Catalogs.Entry entry =
                request.catalog().catalog(name.last(), Optional.of(name.position()));
            services.connectors().detach(entry.name());
          }
        });
  }
}
