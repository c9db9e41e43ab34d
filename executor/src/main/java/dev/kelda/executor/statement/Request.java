package dev.kelda.executor.statement;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.Session;
import dev.kelda.planner.SessionContext;
import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.Catalogs;

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
    return new Request(session, CatalogSnapshot.of(catalogs, context(session)));
  }

  /** For a statement that is only looked at. */
  public static Request ofWholes(Session session, Catalogs catalogs) {
    return new Request(session, CatalogSnapshot.ofWholes(catalogs, context(session)));
  }

  private static SessionContext context(Session session) {
    return new SessionContext(
        session.user(), session.catalog(), session.schema(), session.options());
  }
}
