package dev.kelda.executor.run;

import dev.kelda.executor.QueryResult;
import dev.kelda.spi.error.KeldaException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;

/** A result whose closing ends the execution. An update has ended when it is made. */
final class RunningResult implements QueryResult {
  private final Executions executions;
  private final Execution execution;
  private final Runnable stopClock;
  private final boolean admitted;
  private final Optional<ResultReader> reader;
  private final Schema schema;
  private final long updateCount;
  private boolean closed; // guarded by this

  /**
   * @param stopClock once, at the end
   * @param admitted it has a place of its own, to be given back
   */
  RunningResult(
      Executions executions,
      Execution execution,
      Outcome outcome,
      Runnable stopClock,
      boolean admitted) {
    this.executions = executions;
    this.execution = execution;
    this.stopClock = stopClock;
    this.admitted = admitted;
    switch (outcome) {
      case Outcome.Rows rows -> {
        this.reader = Optional.of(ResultReader.of(execution, rows.reader()));
        this.schema = this.reader.get().schema();
        this.updateCount = 0;
      }
      case Outcome.Updated updated -> {
        this.reader = Optional.empty();
        this.schema = new Schema(List.of());
        this.updateCount = updated.rows();
        execution.counted(updated.rows(), 0);
        close();
      }
    }
  }

  @Override
  public String queryId() {
    return execution.id();
  }

  @Override
  public Schema schema() {
    return schema;
  }

  @Override
  public boolean isUpdate() {
    return reader.isEmpty();
  }

  @Override
  public long updateCount() {
    return updateCount;
  }

  @Override
  public ArrowReader reader() {
    return reader.orElseThrow(() -> new IllegalStateException("an update has no rows"));
  }

  @Override
  public void cancel() {
    execution.cancel();
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    stopClock.run();
    Optional<KeldaException> failure = reader.flatMap(ResultReader::failure);
    try {
      if (reader.isPresent()) {
        reader.get().close();
      }
    } catch (IOException | RuntimeException e) {
      failure = failure.or(() -> Optional.of(Failures.of(execution, e)));
    }
    boolean complete = reader.isEmpty() || reader.get().isComplete();
    executions.end(
        execution, failure.or(() -> complete ? Optional.empty() : execution.cancelled()), admitted);
  }
}
