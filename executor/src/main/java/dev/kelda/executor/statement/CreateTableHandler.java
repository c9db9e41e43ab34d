package dev.kelda.executor.statement;

import dev.kelda.executor.run.Outcome;
import dev.kelda.parser.ColumnDefinition;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.connector.WritableConnector;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.calcite.sql.SqlIdentifier;
import org.apache.calcite.sql.SqlLiteral;
import org.apache.calcite.sql.SqlNode;
import org.apache.calcite.sql.SqlNodeList;
import org.apache.calcite.sql.SqlSelect;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;
import org.apache.calcite.sql.parser.SqlParserPos;

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
    boolean exists = request.catalog().find(Targets.parts(target)).isPresent();
    if (exists && !statement.ifNotExists() && !statement.orReplace()) {
      throw Targets.exists(statement.name());
    }
    Schema columns = Targets.checked(columns(statement, request), statement.name());
    return new Action(
        Optional.empty(),
        Optional.empty(),
        List.of(),
        false,
        (execution, parameters) -> {
          execution.running();
          if (!exists || statement.orReplace()) {
            create(statement, target, connector, columns);
            services.connectors().changed();
          }
          return Outcome.DONE;
        });
  }

  private static void create(
      Statement.CreateTable statement,
      CatalogSnapshot.Target target,
      WritableConnector connector,
      Schema columns) {
    String schema = target.schema().name();
    if (!statement.orReplace()) {
      connector.createTable(schema, target.name(), columns, statement.properties());
      return;
    }
    TableWrite write =
        connector.createTableAs(schema, target.name(), columns, statement.properties(), true);
    write.commit(List.of());
  }

  // The planner derives types of expressions: a row of typed NULLs has the types of the columns.
  private Schema columns(Statement.CreateTable statement, Request request) {
    SqlNodeList nulls = new SqlNodeList(SqlParserPos.ZERO);
    for (ColumnDefinition column : statement.columns()) {
      SqlParserPos position = column.type().getParserPosition();
      SqlNode typed =
          SqlStdOperatorTable.CAST.createCall(
              position, SqlLiteral.createNull(position), column.type());
      nulls.add(
          SqlStdOperatorTable.AS.createCall(
              position, typed, new SqlIdentifier(column.name(), position)));
    }
    SqlSelect select =
        new SqlSelect(
            SqlParserPos.ZERO,
            null,
            nulls,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null);
    List<Field> types =
        services.planning().query(select, request).plan().outputSchema().getFields();
    List<Field> fields = new ArrayList<>();
    for (int i = 0; i < types.size(); i++) {
      ColumnDefinition column = statement.columns().get(i);
      Map<String, String> metadata = new HashMap<>();
      column.comment().ifPresent(comment -> metadata.put("comment", comment));
      FieldType type = new FieldType(column.nullable(), types.get(i).getType(), null, metadata);
      fields.add(new Field(column.name(), type, types.get(i).getChildren()));
    }
    return new Schema(fields);
  }
}
