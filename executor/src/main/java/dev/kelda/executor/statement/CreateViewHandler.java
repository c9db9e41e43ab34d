package dev.kelda.executor.statement;

import dev.kelda.executor.run.PlannedQuery;
import dev.kelda.parser.Statement;
import dev.kelda.parser.ViewColumn;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.View;
import dev.kelda.spi.connector.ViewConnector;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** {@code CREATE [OR REPLACE] VIEW [IF NOT EXISTS] name [(columns)] AS query}. */
record CreateViewHandler(Services services) implements StatementHandler<Statement.CreateView> {
  @Override
  public Class<Statement.CreateView> statement() {
    return Statement.CreateView.class;
  }

  @Override
  public Action prepare(Statement.CreateView statement, Request request) {
    CatalogSnapshot.Target target = Targets.newTable(statement.name(), request.catalog());
    ViewConnector connector = Targets.views(target.schema().catalog());
    PlannedQuery query = services.planning().query(statement.query(), request);
    if (!query.plan().parameterTypes().isEmpty()) {
      throw new KeldaException(
          ErrorCode.INVALID_STATEMENT,
          "a view's query takes no parameters",
          statement.name().position());
    }
    if (query.plan().tables().stream().anyMatch(table -> isSelf(table, target))) {
      throw new KeldaException(
          ErrorCode.INVALID_STATEMENT,
          "view \"%s\" would refer to itself".formatted(statement.name()),
          statement.name().position());
    }
    // Looked up last: what is resolved so far are the query's tables.
    Optional<TableReference> known = request.catalog().find(Targets.parts(target));
    known.ifPresent(table -> table.requireOwn(Optional.of(statement.name().position())));
    boolean replaces =
        statement.orReplace() && known.map(t -> t.table() instanceof View).orElse(true);
    if (known.isPresent() && !statement.ifNotExists() && !replaces) {
      throw Targets.exists(statement.name());
    }
    Schema columns =
        Targets.checked(columns(query.plan().outputSchema(), statement), statement.name());
    View.Definition definition =
        new View.Definition(
            columns,
            statement.sql(),
            request.session().catalog(),
            request.session().schema(),
            statement.comment(),
            Map.of());
    return Action.update(
        () -> {
          if (known.isEmpty() || statement.orReplace()) {
            connector.createView(
                target.schema().name(), target.name(), definition, statement.orReplace());
            services.connectors().changed();
          }
        });
  }

  private static boolean isSelf(TableReference table, CatalogSnapshot.Target target) {
    return table.catalog().equals(target.schema().catalog().name())
        && table.schema().equals(target.schema().name())
        && table.name().equals(target.name());
  }

  private static Schema columns(Schema query, Statement.CreateView statement) {
    List<ViewColumn> named = statement.columns();
    List<Field> given = query.getFields();
    if (!named.isEmpty() && named.size() != given.size()) {
      throw new KeldaException(
          ErrorCode.INVALID_STATEMENT,
          "view \"%s\" names %d columns but its query gives %d"
              .formatted(statement.name(), named.size(), given.size()),
          statement.name().position());
    }
    List<Field> fields = new ArrayList<>();
    for (int i = 0; i < given.size(); i++) {
      Field field = given.get(i);
      String name = named.isEmpty() ? field.getName() : named.get(i).name();
      Map<String, String> metadata =
          named.isEmpty()
              ? Map.of()
              : named.get(i).comment().map(c -> Map.of("comment", c)).orElse(Map.of());
      FieldType type = new FieldType(true, field.getType(), null, metadata);
      fields.add(new Field(name, type, field.getChildren()));
    }
    return new Schema(fields);
  }
}
