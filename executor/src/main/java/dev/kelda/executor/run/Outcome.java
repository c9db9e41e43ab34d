package dev.kelda.executor.run;

import static java.util.Objects.requireNonNull;

import org.apache.arrow.vector.ipc.ArrowReader;

/** What running a statement gives. */
public sealed interface Outcome {
  /**
   * @param reader closed by the result's owner; closing it stops the work behind it
   */
  record Rows(ArrowReader reader) implements Outcome {
    public Rows {
      requireNonNull(reader, "reader is null");
    }
  }

  /**
   * @param rows written; 0 for DDL
   */
  record Updated(long rows) implements Outcome {}

  Outcome DONE = new Updated(0);
}
