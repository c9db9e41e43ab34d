package dev.kelda.executor.statement;

import dev.kelda.parser.Name;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.ViewConnector;
import java.util.ArrayList;
import java.util.List;

/** {@code DROP VIEW [IF EXISTS] name, …}. */
record DropViewHandler(Services services) implements StatementHandler<Statement.DropView> {
  @Override
  public Class<Statement.DropView> statement() {
    return Statement.DropView.class;
  }

  @Override
  public Action prepare(Statement.DropView statement, Request request) {
    List<Runnable> drops = new ArrayList<>();
    for (Name name : statement.names()) {
      Targets.existing(name, statement.ifExists(), request.catalog())
          .ifPresent(
              found -> {
                TableReference view = Targets.view(found, name);
                ViewConnector connector = Targets.views(view, request.catalog());
                drops.add(() -> connector.dropView(view.schema(), view.name()));
              });
    }
    return Action.update(
        () -> {
          drops.forEach(Runnable::run);
          services.connectors().changed();
        });
  }
}
