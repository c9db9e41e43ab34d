package dev.kelda.executor.statement;

import dev.kelda.executor.Session;
import dev.kelda.executor.run.PlannedQuery;
import dev.kelda.executor.setting.Settings;
import dev.kelda.parser.Statement;
import dev.kelda.planner.ChangePlan;
import dev.kelda.planner.Planner;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.RowChange;
import dev.kelda.spi.error.ErrorCode;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.QueryAnalysis;
import java.util.List;
import java.util.Set;
import org.apache.calcite.sql.SqlNode;

/** A planner as the session's settings want it. */
public final class Planning {
  PlannedQuery query(SqlNode query, Request request) {
    return new PlannedQuery(
        planner(request.session()).plan(query, request.catalog(), request.catalog().session()));
  }

  PlannedQuery insert(SqlNode query, TableReference target, List<String> columns, Request request) {
    return new PlannedQuery(
        planner(request.session())
            .planInsert(query, target, columns, request.catalog(), request.catalog().session()));
  }

  ChangePlan change(
      Statement.Change statement, TableReference target, RowChange change, Request request) {
    return planner(request.session())
        .planChange(statement, target, change, request.catalog(), request.catalog().session());
  }

  /**
   * @throws KeldaException INVALID_STATEMENT for what is not a query
   */
  public QueryAnalysis analyze(Statement statement, Request request) {
    if (statement instanceof Statement.Query query) {
      return planner(request.session()).analyze(query.query(), request.catalog());
    }
    throw new KeldaException(ErrorCode.INVALID_STATEMENT, "a query must stand here");
  }

  private static Planner planner(Session session) {
    boolean reorder = session.settings().value(Settings.JOIN_REORDERING);
    return new Planner(
        new Planner.Options(
            reorder ? Set.of() : Set.of("join-order"),
            session.settings().value(Settings.ASOF_BUILD)));
  }
}
