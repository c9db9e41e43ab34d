package dev.kelda.executor.statement;

import dev.kelda.executor.run.Outcome;
import dev.kelda.executor.run.PlannedQuery;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.connector.WritableConnector;
import java.util.Map;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** {@code CREATE [OR REPLACE] TABLE [IF NOT EXISTS] name AS query}. */
record CreateTableAsHandler(Services services)
    implements StatementHandler<Statement.CreateTableAs> {
  @Override
  public Class<Statement.CreateTableAs> statement() {
    return Statement.CreateTableAs.class;
  }

  @Override
  public Action prepare(Statement.CreateTableAs statement, Request request) {
    CatalogSnapshot.Target target = Targets.newTable(statement.name(), request.catalog());
    WritableConnector connector = Targets.writable(target.schema().catalog());
    boolean exists =
        Targets.taken(
            target, statement.name(), statement.ifNotExists(), statement.orReplace(), request);
    PlannedQuery query = services.planning().query(statement.query(), request);
    Schema columns = Targets.checked(nullable(query.plan().outputSchema()), statement.name());
    return Action.write(
        query,
        (execution, parameters) -> {
          if (exists && statement.ifNotExists()) {
            execution.running();
            return Outcome.DONE;
          }
          TableWrite write =
              connector.createTableAs(
                  target.schema().name(),
                  target.name(),
                  TableColumns.definition(
                      columns, Map.of(), statement.layout(), statement.properties()),
                  statement.orReplace());
          long rows = services.runner().write(execution, query, parameters, write);
          services.connectors().changed();
          return new Outcome.Updated(rows);
        });
  }

  // That a query's values cannot be NULL now does not bind the table's later rows.
  private static Schema nullable(Schema schema) {
    return new Schema(
        schema.getFields().stream()
            .map(f -> new Field(f.getName(), FieldType.nullable(f.getType()), f.getChildren()))
            .toList());
  }
}
