package dev.kelda.executor.statement;

import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.spi.connector.TableDefinition;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.connector.WritableConnector;
import java.util.List;
import org.apache.arrow.vector.types.pojo.Schema;

/** {@code CREATE [OR REPLACE] TABLE [IF NOT EXISTS] name (columns)}. */
record CreateTableHandler(Services services) implements StatementHandler<Statement.CreateTable> {
  @Override
  public Class<Statement.CreateTable> statement() {
    return Statement.CreateTable.class;
  }

  @Override
  public Action prepare(Statement.CreateTable statement, Request request) {
    CatalogSnapshot.Target target = Targets.newTable(statement.name(), request.catalog());
    WritableConnector connector = Targets.writable(target.schema().catalog());
    boolean exists =
        Targets.taken(
            target, statement.name(), statement.ifNotExists(), statement.orReplace(), request);
    TableColumns types = new TableColumns(services);
    Schema columns =
        Targets.checked(new Schema(types.fields(statement.columns(), request)), statement.name());
    TableColumns.Defaults defaults = types.defaults(statement.columns(), request);
    return Action.update(
        execution -> {
          if (!exists || statement.orReplace()) {
            TableDefinition definition =
                TableColumns.definition(
                    columns,
                    defaults.values(execution),
                    statement.layout(),
                    statement.properties());
            create(statement, target, connector, definition);
            services.connectors().changed();
          }
        });
  }

  private static void create(
      Statement.CreateTable statement,
      CatalogSnapshot.Target target,
      WritableConnector connector,
      TableDefinition definition) {
    String schema = target.schema().name();
    if (!statement.orReplace()) {
      connector.createTable(schema, target.name(), definition);
      return;
    }
    TableWrite write = connector.createTableAs(schema, target.name(), definition, true);
    write.commit(List.of());
  }
}
