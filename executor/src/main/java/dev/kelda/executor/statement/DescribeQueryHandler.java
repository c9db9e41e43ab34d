package dev.kelda.executor.statement;

import dev.kelda.executor.run.Outcome;
import dev.kelda.parser.Statement;
import java.util.List;
import org.apache.arrow.vector.types.pojo.Field;

/** {@code DESCRIBE query}. */
record DescribeQueryHandler(Services services)
    implements StatementHandler<Statement.DescribeQuery> {
  @Override
  public Class<Statement.DescribeQuery> statement() {
    return Statement.DescribeQuery.class;
  }

  @Override
  public Action prepare(Statement.DescribeQuery statement, Request request) {
    List<Field> columns =
        ColumnRows.of(services.planning().query(statement.query(), request).plan().outputSchema());
    return Action.rows(
        ColumnRows.COLUMNS.schema(),
        execution -> {
          execution.running();
          return new Outcome.Rows(ColumnRows.COLUMNS.reader(execution.allocator(), columns));
        });
  }
}
