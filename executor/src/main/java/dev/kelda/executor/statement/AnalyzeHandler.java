package dev.kelda.executor.statement;

import dev.kelda.executor.run.Execution;
import dev.kelda.executor.run.Outcome;
import dev.kelda.executor.run.PlannedQuery;
import dev.kelda.executor.run.WholeTable;
import dev.kelda.parser.Name;
import dev.kelda.parser.Statement;
import dev.kelda.planner.catalog.Names;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.AnalyzableTable;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.run.Progress;
import dev.kelda.spi.run.Runs;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Field;

/** {@code ANALYZE [TABLE] table [(columns)]}. */
record AnalyzeHandler(Services services) implements StatementHandler<Statement.Analyze> {
  @Override
  public Class<Statement.Analyze> statement() {
    return Statement.Analyze.class;
  }

  @Override
  public Action prepare(Statement.Analyze statement, Request request) {
    Name name = statement.table();
    TableReference target = request.catalog().table(name.parts(), Optional.of(name.position()));
    if (!(target.table() instanceof AnalyzableTable table)) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "\"" + target + "\" keeps no statistics; only tables of an Iceberg catalog do",
          name.position());
    }
    List<Integer> columns = columns(statement, table);
    PlannedQuery query = WholeTable.columns(columns, table);
    return Action.write(
        query,
        (execution, parameters) ->
            new Outcome.Updated(
                services
                    .runs()
                    .record(
                        new Runs.Subject(
                            "analyze",
                            target.toString(),
                            request.session().user(),
                            Optional.of(execution.id())),
                        progress -> run(table, columns, query, execution, progress))));
  }

  private long run(
      AnalyzableTable table,
      List<Integer> columns,
      PlannedQuery query,
      Execution execution,
      Progress progress) {
    table.statistics().rows().ifPresent(expected -> progress.of((long) expected, "rows"));
    AnalyzableTable.Analysis analysis = table.analyze(columns);
    long rows = 0;
    try (ArrowReader reader = services.runner().rows(execution, query, List.of())) {
      while (reader.loadNextBatch()) {
        execution.checkpoint();
        analysis.add(reader.getVectorSchemaRoot());
        rows += reader.getVectorSchemaRoot().getRowCount();
        progress.add(reader.getVectorSchemaRoot().getRowCount());
      }
    } catch (IOException e) {
      throw new KeldaException(ErrorCode.STORAGE_ERROR, e.getMessage(), e);
    }
    analysis.commit();
    return rows;
  }

  private static List<Integer> columns(Statement.Analyze statement, AnalyzableTable table) {
    List<Integer> possible = table.analyzable();
    if (statement.columns().isEmpty()) {
      return possible;
    }
    List<String> names = table.schema().getFields().stream().map(Field::getName).toList();
    return statement.columns().stream().map(column -> column(column, names, possible)).toList();
  }

  private static int column(Name column, List<String> names, List<Integer> possible) {
    int ordinal =
        Names.match(column.last(), names)
            .map(names::indexOf)
            .orElseThrow(
                () ->
                    new KeldaException(
                        ErrorCode.COLUMN_NOT_FOUND,
                        "there is no column \"%s\"%s"
                            .formatted(column.last(), Names.suggestion(column.last(), names)),
                        column.position()));
    if (!possible.contains(ordinal)) {
      throw new KeldaException(
          ErrorCode.NOT_SUPPORTED,
          "column \"" + column.last() + "\" is nested; only plain columns have statistics",
          column.position());
    }
    return ordinal;
  }
}
