package dev.kelda.executor.statement;

import dev.kelda.parser.Name;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.TableChange;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.List;
import java.util.Optional;

/** {@code COMMENT ON TABLE|VIEW|COLUMN name IS 'text' | NULL}. */
record CommentHandler(Services services) implements StatementHandler<Statement.Comment> {
  @Override
  public Class<Statement.Comment> statement() {
    return Statement.Comment.class;
  }

  @Override
  public Action prepare(Statement.Comment statement, Request request) {
    Name name = statement.name();
    Runnable work =
        switch (statement.kind()) {
          case TABLE -> {
            TableReference table =
                Targets.table(Targets.existing(name, false, request.catalog()).orElseThrow(), name);
            yield alter(table, new TableChange.SetComment(statement.comment()), request);
          }
          case VIEW -> {
            TableReference view =
                Targets.view(Targets.existing(name, false, request.catalog()).orElseThrow(), name);
            yield () ->
                Targets.views(view, request.catalog())
                    .commentOnView(view.schema(), view.name(), statement.comment());
          }
          case COLUMN -> column(statement, request);
        };
    return Action.update(
        () -> {
          work.run();
          services.connectors().changed();
        });
  }

  // t.c, s.t.c, c.s.t.c, and fields within: the longest part that is a table's name.
  private static Runnable column(Statement.Comment statement, Request request) {
    Name name = statement.name();
    List<String> parts = name.parts();
    for (int length = Math.min(3, parts.size() - 1); length > 0; length--) {
      Optional<TableReference> found = request.catalog().find(parts.subList(0, length));
      if (found.isPresent()) {
        TableReference table = Targets.table(found.get(), name);
        List<String> path = parts.subList(length, parts.size());
        return alter(table, new TableChange.SetColumnComment(path, statement.comment()), request);
      }
    }
    throw new KeldaException(
        ErrorCode.COLUMN_NOT_FOUND,
        "there is no column \"" + name + "\": write table.column",
        name.position());
  }

  private static Runnable alter(TableReference table, TableChange change, Request request) {
    return () ->
        Targets.alterable(table, request.catalog())
            .alterTable(table.schema(), table.name(), List.of(change));
  }
}
