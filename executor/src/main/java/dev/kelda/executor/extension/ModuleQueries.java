package dev.kelda.executor.extension;

import dev.kelda.executor.QueryResult;
import dev.kelda.executor.Session;
import dev.kelda.executor.run.Execution;
import dev.kelda.executor.statement.Action;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.extension.Caller;
import dev.kelda.spi.extension.EngineServices.TableName;
import dev.kelda.spi.extension.QueryAnalysis;
import dev.kelda.spi.extension.SqlQuery;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.ipc.ArrowReader;

/** How the engine runs what modules ask for. */
public interface ModuleQueries {
  /** The session behind a caller; a new one, closed with the query, for a caller without. */
  Session session(Caller caller);

  /** Parses and plans. */
  Action plan(Session session, SqlQuery query);

  /**
   * Parses and looks at it.
   *
   * @param through views that are a part of something else, too
   */
  QueryAnalysis analyze(Session session, SqlQuery query, boolean through);

  /**
   * @param tables that have no other name, by the names that stand for them in the text
   * @param parent the statement that it is a part of; empty: a statement of its own
   */
  QueryResult run(
      Session session,
      SqlQuery query,
      List<Scalar> parameters,
      Map<String, Table> tables,
      Optional<Execution> parent);

  /** Adds rows to a table, past the sink that may stand before it. */
  QueryResult append(
      Session session,
      TableName table,
      boolean create,
      ArrowReader rows,
      Map<String, String> summary);
}
