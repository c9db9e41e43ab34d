package dev.kelda.executor.statement;

import dev.kelda.parser.Name;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.Catalogs;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.WritableConnector;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code DROP TABLE [IF EXISTS] name, …}. */
record DropTableHandler(Services services) implements StatementHandler<Statement.DropTable> {
  @Override
  public Class<Statement.DropTable> statement() {
    return Statement.DropTable.class;
  }

  @Override
  public Action prepare(Statement.DropTable statement, Request request) {
    CatalogSnapshot catalog = request.catalog();
    List<Runnable> drops = new ArrayList<>();
    for (Name name : statement.names()) {
      Optional<TableReference> table =
          statement.ifExists()
              ? catalog.find(name.parts())
              : Optional.of(catalog.table(name.parts(), Optional.of(name.position())));
      table.ifPresent(
          found -> {
            Targets.table(found, name);
            Catalogs.Entry entry = catalog.catalog(found.catalog(), Optional.empty());
            WritableConnector connector = Targets.writable(entry);
            drops.add(() -> connector.dropTable(found.schema(), found.name()));
          });
    }
    return Action.update(
        () -> {
          drops.forEach(Runnable::run);
          services.connectors().changed();
        });
  }
}
