package dev.kelda.spi.metastore;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * The metastore: SQLite in the home folder, or PostgreSQL when several servers share it. SQL must
 * run on both: TEXT, BIGINT, DOUBLE PRECISION and keys of text are the same on both. Thread-safe.
 */
public interface Metastore {
  /**
   * Has a module's tables brought up to date before the next work begins, with the scripts {@code
   * V1__what.sql}, {@code V2__…} of a folder of resources; those that ran before do not run again.
   * When a script fails or was changed, the work fails with CATALOG_ERROR.
   *
   * @param module lower case; its tables' names begin with it
   * @param folder of the resources: {@code dev/kelda/ai/metastore}
   */
  void migrate(String module, String folder, ClassLoader resources);

  /**
   * Runs the work in one transaction: committed when it returns, undone when it throws. Writers
   * wait for each other; the work may run again when the database asks for that.
   *
   * @throws dev.kelda.spi.error.KeldaException whatever the work throws; CATALOG_ERROR for a
   *     SQLException
   */
  <T> T transaction(Work<T> work);

  /** As {@link #transaction}, for work that only reads. */
  <T> T read(Work<T> work);

  /** Work on a connection that is not kept. */
  interface Work<T> {
    T run(Connection connection) throws SQLException;
  }
}
