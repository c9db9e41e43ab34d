package dev.kelda.executor.statement;

import dev.kelda.executor.run.Execution;
import dev.kelda.executor.run.Outcome;
import dev.kelda.executor.run.WholeTable;
import dev.kelda.parser.Name;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.Catalogs;
import dev.kelda.planner.catalog.Names;
import dev.kelda.spi.connector.Procedure;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.rows.Columns;
import dev.kelda.spi.run.Progress;
import dev.kelda.spi.run.Runs;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/** {@code CALL [catalog.]system.procedure(arguments)}. */
record CallHandler(Services services) implements StatementHandler<Statement.Call> {
  private static final String SYSTEM = "system";

  @Override
  public Class<Statement.Call> statement() {
    return Statement.Call.class;
  }

  @Override
  public Action prepare(Statement.Call statement, Request request) {
    Catalogs.Entry catalog = catalog(statement.procedure(), request);
    Procedure procedure = procedure(statement.procedure(), catalog);
    Procedure.Arguments arguments =
        new CallArguments(
                procedure, catalog, request.catalog(), new CallTexts(services, request, catalog))
            .of(statement);
    Columns<List<Object>> columns = columns(procedure);
    Schema schema = columns.schema();
    return Action.rows(
        schema,
        execution -> {
          execution.running();
          List<List<Object>> rows =
              services
                  .runs()
                  .record(
                      new Runs.Subject(
                          procedure.name(),
                          target(catalog, arguments),
                          request.session().user(),
                          Optional.of(execution.id())),
                      progress ->
                          procedure.call(arguments, new Work(execution, services, progress)));
          services.connectors().changed();
          return new Outcome.Rows(columns.reader(execution.allocator(), rows));
        });
  }

  private static String target(Catalogs.Entry catalog, Procedure.Arguments arguments) {
    return arguments
        .find("table", Procedure.TableName.class)
        .map(table -> catalog.name() + "." + table)
        .orElse(catalog.name());
  }

  private static Catalogs.Entry catalog(Name name, Request request) {
    List<String> parts = name.parts();
    boolean named = parts.size() == 3;
    if (parts.size() < 2 || !parts.get(parts.size() - 2).equalsIgnoreCase(SYSTEM)) {
      throw new KeldaException(
          ErrorCode.FUNCTION_NOT_FOUND,
          "procedures are called as catalog.system.name(…), not \"" + name + "\"",
          name.position());
    }
    return request
        .catalog()
        .catalog(
            named ? parts.getFirst() : request.session().catalog(), Optional.of(name.position()));
  }

  private static Procedure procedure(Name name, Catalogs.Entry catalog) {
    List<Procedure> all = catalog.connector().procedures();
    return all.stream()
        .filter(procedure -> procedure.name().equalsIgnoreCase(name.last()))
        .findFirst()
        .orElseThrow(
            () ->
                new KeldaException(
                    ErrorCode.FUNCTION_NOT_FOUND,
                    "catalog \"%s\" has no procedure \"%s\"%s"
                        .formatted(
                            catalog.name(),
                            name.last(),
                            Names.suggestion(
                                name.last(), all.stream().map(Procedure::name).toList())),
                    name.position()));
  }

  private static Columns<List<Object>> columns(Procedure procedure) {
    @SuppressWarnings("unchecked")
    Columns<List<Object>> columns = (Columns<List<Object>>) (Columns<?>) Columns.of(List.class);
    for (int i = 0; i < procedure.columns().size(); i++) {
      int at = i;
      String name = procedure.columns().get(i).name();
      columns =
          switch (procedure.columns().get(i).type()) {
            case TEXT ->
                columns.optionalText(
                    name, row -> Optional.ofNullable(row.get(at)).map(Object::toString));
            case NUMBER ->
                columns.optionalNumber(
                    name,
                    row ->
                        row.get(at) == null
                            ? OptionalLong.empty()
                            : OptionalLong.of((Long) row.get(at)));
            case TRUTH -> columns.truth(name, row -> (Boolean) row.get(at));
          };
    }
    return columns;
  }

  /** The engine's part in a procedure. */
  private record Work(Execution execution, Services services, Progress progress)
      implements Procedure.Context {
    @Override
    public long copy(Table source, TableWrite target) {
      return services.runner().write(execution, WholeTable.of(source), List.of(), target);
    }

    @Override
    public ArrowReader read(Table source) {
      return services.runner().rows(execution, WholeTable.of(source), List.of());
    }

    @Override
    public List<TableWrite.WrittenFile> write(Table source, TableWrite.WriteTarget target) {
      return services.runner().write(execution, WholeTable.of(source), target);
    }

    @Override
    public void checkpoint() {
      execution.checkpoint();
    }
  }
}
