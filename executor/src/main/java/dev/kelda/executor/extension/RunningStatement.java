package dev.kelda.executor.extension;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.run.Execution;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.Scope;
import dev.kelda.spi.extension.SqlQuery;
import dev.kelda.spi.extension.StatementContext;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;

/** An execution as modules see it. */
public record RunningStatement(Execution execution, ModuleQueries queries)
    implements StatementContext {
  public RunningStatement {
    requireNonNull(execution, "execution is null");
    requireNonNull(queries, "queries is null");
  }

  @Override
  public String queryId() {
    return execution.id();
  }

  @Override
  public Caller caller() {
    return new SessionCaller(execution.session());
  }

  @Override
  public BufferAllocator allocator() {
    return execution.allocator();
  }

  @Override
  public void checkpoint() {
    execution.checkpoint();
  }

  @Override
  public void onCancel(Runnable stop) {
    execution.onCancel(stop);
  }

  @Override
  public ArrowReader query(SqlQuery query, List<Scalar> parameters, Map<String, Table> tables) {
    return Results.rows(
        queries.run(execution.session(), query, parameters, tables, Optional.of(execution)), query);
  }

  @Override
  public ArrowReader query(Scope scope, SqlQuery query, List<Scalar> parameters) {
    return Results.rows(
        queries.run(
            execution.session().within(scope), query, parameters, Map.of(), Optional.of(execution)),
        query);
  }

  @Override
  public long execute(Scope scope, SqlQuery statement, List<Scalar> parameters) {
    return Results.count(
        queries.run(
            execution.session().within(scope),
            statement,
            parameters,
            Map.of(),
            Optional.of(execution)));
  }

  @Override
  public long execute(SqlQuery statement, List<Scalar> parameters) {
    return Results.count(
        queries.run(execution.session(), statement, parameters, Map.of(), Optional.of(execution)));
  }
}
