package dev.kelda.spi.run;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * The history of work that takes long. It is kept in the metastore, so that it survives the server,
 * and shown in {@code system.runs}. Thread-safe.
 */
public interface Runs {
  /**
   * Does the work in the calling thread and records it: its beginning, its progress, and how it
   * ended. A run whose server died is shown as LOST.
   *
   * @return what the work returns
   * @throws dev.kelda.spi.error.KeldaException CATALOG_ERROR when the beginning cannot be recorded:
   *     the work is not done then; else whatever the work throws
   */
  <T> T record(Subject subject, Work<T> work);

  /** Work that says how far it is. */
  interface Work<T> {
    T run(Progress progress);
  }

  /**
   * What is done, to what, by whom.
   *
   * @param kind lower case: {@code rewrite_data_files}, {@code refresh_feature_view}
   * @param target full name of the table, view or index
   * @param queryId of the statement it runs in, by which it can be cancelled; empty for work of the
   *     server's own
   */
  record Subject(String kind, String target, String user, Optional<String> queryId) {
    public Subject {
      requireNonNull(kind, "kind is null");
      requireNonNull(target, "target is null");
      requireNonNull(user, "user is null");
      requireNonNull(queryId, "queryId is null");
    }
  }
}
