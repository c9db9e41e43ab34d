package dev.kelda.executor.statement;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.Session;
import dev.kelda.parser.Name;
import dev.kelda.planner.SessionContext;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.Catalogs;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.Table;
import dev.kelda.spi.error.KeldaException;
import dev.kelda.spi.extension.Scope;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Field;

/**
 * Who asks, and the tables as that statement sees them.
 *
 * @param catalog loads every table at most once; for one thread
 */
public record Request(Session session, CatalogSnapshot catalog) {
  public Request {
    requireNonNull(session, "session is null");
    requireNonNull(catalog, "catalog is null");
  }

  public static Request of(Session session, Catalogs catalogs) {
    return of(session, catalogs, Map.of(), Map.of());
  }

  /**
   * @param parameters types that are not to be inferred, by index
   * @param tables that are in no catalog, by name
   */
  public static Request of(
      Session session,
      Catalogs catalogs,
      Map<Integer, Field> parameters,
      Map<String, Table> tables) {
    Map<List<String>, Table> instead = new HashMap<>();
    session
        .scope()
        .ifPresent(scope -> scope.tables().forEach((name, t) -> instead.put(name.parts(), t)));
    CatalogSnapshot snapshot = CatalogSnapshot.of(catalogs, context(session, parameters), instead);
    tables.forEach(
        (name, table) ->
            snapshot.addSynthetic(
                name, CatalogSnapshot.NO_CATALOG, name, table, () -> Optional.of(table)));
    return new Request(session, snapshot);
  }

  /** Kept with what the statement commits. */
  Map<String, String> summary() {
    return session.scope().map(Scope::summary).orElse(Map.of());
  }

  /** Whether the table is a part of what the statement works for. */
  boolean owns(TableReference table) {
    return session.scope().filter(scope -> scope.owns(table.table())).isPresent();
  }

  /**
   * @throws KeldaException INVALID_STATEMENT for a table that is a part of something else
   */
  void requireOwn(TableReference table, Name name) {
    if (!owns(table)) {
      table.requireOwn(Optional.of(name.position()));
    }
  }

  /** For a statement that is only looked at. */
  public static Request ofWholes(Session session, Catalogs catalogs) {
    return new Request(session, CatalogSnapshot.ofWholes(catalogs, context(session, Map.of())));
  }

  private static SessionContext context(Session session, Map<Integer, Field> parameters) {
    return new SessionContext(
        session.user(), session.catalog(), session.schema(), session.options(), parameters);
  }
}
