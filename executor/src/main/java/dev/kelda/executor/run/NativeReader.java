package dev.kelda.executor.run;

import dev.kelda.executor.bridge.NativeQuery;
import dev.kelda.spi.rows.ForwardingReader;

/** The rows of a native query; closing it stops the query and keeps its metrics. */
final class NativeReader extends ForwardingReader {
  private final Execution execution;
  private final NativeQuery query;

  NativeReader(Execution execution, NativeQuery query) {
    super(query.reader());
    this.execution = execution;
    this.query = query;
  }

  @Override
  protected void end() {
    try {
      execution.metrics(query.metrics());
    } finally {
      query.close();
    }
  }
}
