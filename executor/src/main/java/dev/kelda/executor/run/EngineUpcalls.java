package dev.kelda.executor.run;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.bridge.Upcalls;
import dev.kelda.executor.proto.EvaluateFunction;
import dev.kelda.executor.proto.OpenScan;
import dev.kelda.executor.wire.RuntimeFilters;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.PlannedFunction;
import dev.kelda.spi.extension.StatementContext;
import dev.kelda.spi.function.JavaFunction;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;

/** What native asks for: rows of the running queries' Java scans, values of Java functions. */
public final class EngineUpcalls implements Upcalls {
  /** The execution on whose behalf a Java scan opens. */
  public static final ScopedValue<Execution> CURRENT = ScopedValue.newInstance();

  private final Function<String, Optional<Execution>> executions;
  private final Map<String, JavaFunction> functions = new HashMap<>();
  private volatile Function<String, Optional<PlannedFunction>> modules = id -> Optional.empty();
  private volatile Function<Execution, StatementContext> contexts;

  /**
   * @param executions running ones by id
   */
  public EngineUpcalls(
      Function<String, Optional<Execution>> executions, Iterable<JavaFunction> functions) {
    this.executions = executions;
    functions.forEach(function -> this.functions.put(function.id(), function));
  }

  /**
   * Adds the modules' functions, before the first statement.
   *
   * @param modules by id
   * @param contexts a running statement as modules see it
   */
  public void contribute(
      Function<String, Optional<PlannedFunction>> modules,
      Function<Execution, StatementContext> contexts) {
    this.contexts = requireNonNull(contexts, "contexts is null");
    this.modules = requireNonNull(modules, "modules is null");
  }

  private Execution running(String queryId) {
    Execution execution =
        executions
            .apply(queryId)
            .orElseThrow(
                () ->
                    new KeldaException(ErrorCode.QUERY_NOT_FOUND, "query " + queryId + " is over"));
    execution.checkpoint();
    return execution;
  }

  @Override
  public ArrowReader openScan(OpenScan request, BufferAllocator allocator) {
    Execution execution = running(request.getQueryId());
    Scan.Java scan = execution.scans().get(request.getScanId());
    if (scan == null) {
      throw new KeldaException(
          ErrorCode.INTERNAL_ERROR, "the plan has no Java scan " + request.getScanId());
    }
    Scan.OpenRequest open =
        new Scan.OpenRequest(
            request.getPartition(),
            request.getProjectionList(),
            RuntimeFilters.of(request.getFiltersList()),
            request.getLimit() < 0 ? OptionalLong.empty() : OptionalLong.of(request.getLimit()));
    return ScopedValue.where(CURRENT, execution).call(() -> scan.open(allocator, open));
  }

  @Override
  public FieldVector evaluate(
      EvaluateFunction call, VectorSchemaRoot arguments, BufferAllocator allocator) {
    JavaFunction function = functions.get(call.getFunction());
    return function == null
        ? evaluateBound(call, arguments, allocator)
        : function.evaluate(arguments, allocator);
  }

  private FieldVector evaluateBound(
      EvaluateFunction call, VectorSchemaRoot arguments, BufferAllocator allocator) {
    int colon = call.getFunction().indexOf(':');
    PlannedFunction function =
        modules
            .apply(colon < 0 ? "" : call.getFunction().substring(0, colon))
            .orElseThrow(
                () ->
                    new KeldaException(
                        ErrorCode.FUNCTION_NOT_FOUND,
                        "function " + call.getFunction() + " has no implementation in Java"));
    StatementContext context = contexts.apply(running(call.getQueryId()));
    return function.evaluate(
        call.getFunction().substring(colon + 1), arguments, allocator, context);
  }
}
