package dev.kelda.executor.statement;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.FunctionInfo;
import dev.kelda.executor.QueryInfo;
import dev.kelda.executor.run.Executions;
import dev.kelda.executor.run.NativeRunner;
import dev.kelda.spi.run.Runs;
import java.util.List;
import java.util.function.Supplier;

/** What handlers work with. */
public record Services(
    ConnectorRegistry connectors,
    Planning planning,
    NativeRunner runner,
    Executions executions,
    Runs runs,
    Supplier<List<FunctionInfo>> functions,
    Exports exports) {
  public Services {
    requireNonNull(connectors, "connectors is null");
    requireNonNull(planning, "planning is null");
    requireNonNull(runner, "runner is null");
    requireNonNull(executions, "executions is null");
    requireNonNull(runs, "runs is null");
    requireNonNull(functions, "functions is null");
    requireNonNull(exports, "exports is null");
  }

  List<QueryInfo> queries() {
    return executions.queries();
  }
}
