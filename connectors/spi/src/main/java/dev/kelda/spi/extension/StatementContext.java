package dev.kelda.spi.extension;

import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Table;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;

/** One running statement. Thread-safe. */
public interface StatementContext {
  String queryId();

  Caller caller();

  /** Owns every buffer of the statement; empty when it ends. */
  BufferAllocator allocator();

  /**
   * Called often by work that takes long.
   *
   * @throws dev.kelda.spi.error.KeldaException CANCELLED or TIMEOUT when the statement shall stop
   */
  void checkpoint();

  /** Says how to stop what runs now; the last one counts. */
  void onCancel(Runnable stop);

  /**
   * Runs a query as part of this statement: in its place, and stopped with it.
   *
   * @return rows; the caller closes the reader before the statement ends
   */
  default ArrowReader query(SqlQuery query, List<Scalar> parameters) {
    return query(query, parameters, Map.of());
  }

  /**
   * The same over tables that have no name of their own.
   *
   * @param tables by the names that stand for them in the text; a table of the session's schema
   *     that is called so comes first, so they begin with a dollar sign
   */
  ArrowReader query(SqlQuery query, List<Scalar> parameters, Map<String, Table> tables);

  /** As {@link #query(SqlQuery, List)}, in a scope of its own. */
  ArrowReader query(Scope scope, SqlQuery query, List<Scalar> parameters);

  /**
   * Runs a statement to its end as part of this one.
   *
   * @return rows written or read
   */
  long execute(SqlQuery statement, List<Scalar> parameters);

  /** As {@link #execute(SqlQuery, List)}, in a scope of its own. */
  long execute(Scope scope, SqlQuery statement, List<Scalar> parameters);
}
