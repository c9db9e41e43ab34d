package dev.kelda.executor.statement;

import dev.kelda.executor.run.Outcome;
import dev.kelda.executor.run.PlannedQuery;
import dev.kelda.parser.Name;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.TableWrite;
import dev.kelda.spi.connector.WritableConnector;
import java.util.List;
import java.util.Optional;
import org.apache.calcite.sql.SqlNode;

/** What INSERT INTO and INSERT OVERWRITE have in common: rows of a query into a table. */
final class TableInsert {
  private TableInsert() {}

  /** How the connector begins to write. */
  interface Start {
    TableWrite write(WritableConnector connector, TableReference target);
  }

  /**
   * @throws dev.kelda.spi.error.KeldaException TABLE_NOT_FOUND, INVALID_STATEMENT for a view,
   *     NOT_SUPPORTED for a catalog that is read-only
   */
  static Action into(
      Name name,
      List<Name> columns,
      SqlNode source,
      Services services,
      Request request,
      Start start) {
    TableReference target =
        Targets.table(
            request.catalog().table(name.parts(), Optional.of(name.position())), name, request);
    WritableConnector connector =
        Targets.writable(request.catalog().catalog(target.catalog(), Optional.empty()));
    PlannedQuery query = query(target, columns, source, services, request);
    return Action.write(
        query,
        (execution, parameters) -> {
          TableWrite write = start.write(connector, target);
          return new Outcome.Updated(services.runner().write(execution, query, parameters, write));
        });
  }

  /** The rows as they go into the target. */
  static PlannedQuery query(
      TableReference target,
      List<Name> columns,
      SqlNode source,
      Services services,
      Request request) {
    return services
        .planning()
        .insert(source, target, columns.stream().map(Name::last).toList(), request);
  }
}
