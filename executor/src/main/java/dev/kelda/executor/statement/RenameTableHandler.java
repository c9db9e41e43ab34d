package dev.kelda.executor.statement;

import dev.kelda.parser.Name;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Optional;

/** {@code ALTER TABLE|VIEW [IF EXISTS] name RENAME TO name}, within one catalog. */
record RenameTableHandler(Services services) implements StatementHandler<Statement.RenameTable> {
  @Override
  public Class<Statement.RenameTable> statement() {
    return Statement.RenameTable.class;
  }

  @Override
  public Action prepare(Statement.RenameTable statement, Request request) {
    CatalogSnapshot catalog = request.catalog();
    Optional<TableReference> found =
        Targets.existing(statement.name(), statement.ifExists(), catalog);
    if (found.isEmpty()) {
      return Action.update(() -> {});
    }
    TableReference table =
        statement.view()
            ? Targets.view(found.get(), statement.name())
            : Targets.table(found.get(), statement.name());
    CatalogSnapshot.Target target = target(statement.newName(), table, catalog);
    if (catalog.find(Targets.parts(target)).isPresent()) {
      throw Targets.exists(statement.newName());
    }
    String schema = target.schema().name();
    Runnable rename =
        statement.view()
            ? () ->
                Targets.views(table, catalog)
                    .renameView(table.schema(), table.name(), schema, target.name())
            : () ->
                Targets.alterable(table, catalog)
                    .renameTable(table.schema(), table.name(), schema, target.name());
    return Action.update(
        () -> {
          rename.run();
          services.connectors().changed();
        });
  }

  // A name of one part stays in the table's schema.
  private static CatalogSnapshot.Target target(
      Name name, TableReference table, CatalogSnapshot catalog) {
    List<String> parts =
        name.parts().size() == 1
            ? List.of(table.catalog(), table.schema(), name.last())
            : name.parts();
    CatalogSnapshot.Target target = Targets.newTable(new Name(parts, name.position()), catalog);
    if (!target.schema().catalog().name().equals(table.catalog())) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "a table cannot move from catalog \"%s\" to \"%s\""
              .formatted(table.catalog(), target.schema().catalog().name()),
          name.position());
    }
    return target;
  }
}
