package dev.kelda.executor.statement;

import dev.kelda.executor.run.Outcome;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.TableReference;
import java.util.Optional;

/** {@code DESCRIBE table}. */
record DescribeHandler() implements StatementHandler<Statement.Describe> {
  @Override
  public Class<Statement.Describe> statement() {
    return Statement.Describe.class;
  }

  @Override
  public Action prepare(Statement.Describe statement, Request request) {
    TableReference table =
        request
            .catalog()
            .table(statement.table().parts(), Optional.of(statement.table().position()));
    return Action.rows(
        ColumnRows.COLUMNS.schema(),
        execution -> {
          execution.running();
          return new Outcome.Rows(
              ColumnRows.COLUMNS.reader(
                  execution.allocator(), ColumnRows.of(table.table().schema())));
        });
  }
}
