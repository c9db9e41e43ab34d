package dev.kelda.executor.statement;

import dev.kelda.executor.extension.Sinks;
import dev.kelda.executor.run.Outcome;
import dev.kelda.executor.run.PlannedQuery;
import dev.kelda.parser.Name;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.RowSink;
import java.util.Optional;

/** {@code INSERT INTO table [FOR BRANCH branch] [(columns)] query}. */
record InsertHandler(Services services, Sinks sinks) implements StatementHandler<Statement.Insert> {
  @Override
  public Class<Statement.Insert> statement() {
    return Statement.Insert.class;
  }

  @Override
  public Action prepare(Statement.Insert statement, Request request) {
    Name name = statement.target();
    TableReference target = request.catalog().table(name.parts(), Optional.of(name.position()));
    Optional<RowSink> sink = request.owns(target) ? Optional.empty() : sinks.of(target);
    if (sink.isPresent()) {
      return intoSink(sink.get(), target, statement, request);
    }
    return TableInsert.into(
        name,
        statement.columns(),
        statement.source(),
        services,
        request,
        (connector, table) ->
            statement.branch().isEmpty()
                ? connector.insert(table.schema(), table.name(), request.summary())
                : connector.insertIntoBranch(
                    table.schema(), table.name(), statement.branch().get().last()));
  }

  private Action intoSink(
      RowSink sink, TableReference target, Statement.Insert statement, Request request) {
    statement
        .branch()
        .ifPresent(
            branch -> {
              throw new KeldaException(
                  ErrorCode.NOT_SUPPORTED,
                  "\"%s\" has no branches to insert into".formatted(target),
                  branch.position());
            });
    PlannedQuery query =
        TableInsert.query(target, statement.columns(), statement.source(), services, request);
    return Action.write(
        query,
        (execution, parameters) ->
            new Outcome.Updated(
                sinks.fill(sink, execution, services.runner().rows(execution, query, parameters))));
  }
}
