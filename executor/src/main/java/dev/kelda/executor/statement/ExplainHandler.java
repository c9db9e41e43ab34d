package dev.kelda.executor.statement;

import dev.kelda.executor.run.Execution;
import dev.kelda.executor.run.Failures;
import dev.kelda.executor.run.Outcome;
import dev.kelda.executor.run.PlannedQuery;
import dev.kelda.parser.Statement;
import dev.kelda.parser.Statement.Explain.Format;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.rows.Columns;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.arrow.vector.ipc.ArrowReader;

/** {@code EXPLAIN [ANALYZE] statement}: Calcite's plan and DataFusion's, one line per row. */
record ExplainHandler(Services services, Handlers handlers)
    implements StatementHandler<Statement.Explain> {
  private static final Columns<String> PLAN = Columns.of(String.class).text("plan", line -> line);

  @Override
  public Class<Statement.Explain> statement() {
    return Statement.Explain.class;
  }

  @Override
  public Action prepare(Statement.Explain statement, Request request) {
    long start = System.nanoTime();
    Action explained = handlers.prepare(statement.statement(), request);
    long planning = System.nanoTime() - start;
    if (explained.query().isEmpty() && explained.explanation().isPresent()) {
      return described(statement, explained, explained.explanation().get(), planning);
    }
    PlannedQuery query =
        explained
            .query()
            .orElseThrow(
                () ->
                    new KeldaException(
                        ErrorCode.NOT_SUPPORTED, "only statements with a query have a plan"));
    return new Action(
        Optional.of(PLAN.schema()),
        Optional.of(query),
        explained.parameters(),
        false,
        (execution, parameters) -> {
          Explanation explanation =
              statement.analyze()
                  ? analyzed(execution, explained, query, parameters, planning)
                  : planned(execution, query, parameters);
          List<String> lines =
              statement.format() == Format.JSON ? explanation.json() : explanation.text();
          return new Outcome.Rows(PLAN.reader(execution.allocator(), lines));
        });
  }

  /** A statement that says itself what it does. */
  private static Action described(
      Statement.Explain statement,
      Action explained,
      Supplier<List<String>> explanation,
      long planning) {
    return new Action(
        Optional.of(PLAN.schema()),
        Optional.empty(),
        explained.parameters(),
        false,
        (execution, parameters) -> {
          execution.running();
          List<String> lines = new ArrayList<>(explanation.get());
          if (statement.analyze()) {
            long start = System.nanoTime();
            long rows = rows(execution, explained, parameters);
            lines.add(Explanation.total(rows, planning, System.nanoTime() - start));
          }
          return new Outcome.Rows(
              PLAN.reader(
                  execution.allocator(),
                  statement.format() == Format.JSON ? Explanation.json(lines) : lines));
        });
  }

  private static long rows(Execution execution, Action explained, List<Scalar> parameters) {
    return switch (explained.work().run(execution, parameters)) {
      case Outcome.Updated updated -> updated.rows();
      case Outcome.Rows result -> drain(execution, result.reader());
    };
  }

  private Explanation planned(Execution execution, PlannedQuery query, List<Scalar> parameters) {
    execution.running();
    return Explanation.planned(
        query.plan().calcitePlanText(), services.runner().explain(execution, query, parameters));
  }

  private static Explanation analyzed(
      Execution execution,
      Action explained,
      PlannedQuery query,
      List<Scalar> parameters,
      long planning) {
    long start = System.nanoTime();
    long rows = rows(execution, explained, parameters);
    return Explanation.analyzed(
        query.plan().calcitePlanText(),
        execution.metrics().orElseThrow(),
        rows,
        planning,
        System.nanoTime() - start);
  }

  private static long drain(Execution execution, ArrowReader result) {
    long rows = 0;
    try (ArrowReader reader = result) {
      while (reader.loadNextBatch()) {
        rows += reader.getVectorSchemaRoot().getRowCount();
      }
      return rows;
    } catch (IOException e) {
      throw Failures.of(execution, e);
    }
  }
}
