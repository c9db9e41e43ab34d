package dev.kelda.planner;

import static java.util.Objects.requireNonNull;

import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.TableReference;
import java.util.List;
import java.util.Set;
import org.apache.calcite.sql.SqlNode;

/** Turns a parsed query into a plan. Thread-safe; keep one. */
public final class Planner {
  private final Options options;

  /**
   * @param disabledPhases names of optimiser phases to leave out, to find a phase at fault
   */
  public record Options(Set<String> disabledPhases) {
    public static final Options DEFAULT = new Options(Set.of());

    public Options {
      disabledPhases = Set.copyOf(disabledPhases);
    }
  }

  public Planner(Options options) {
    this.options = requireNonNull(options, "options is null");
  }

  /**
   * @param query as the parser gave it; not to be used again afterwards
   * @throws dev.kelda.spi.error.KeldaException with a USER code and a position when the query is at
   *     fault
   */
  public QueryPlan plan(SqlNode query, CatalogSnapshot catalog, SessionContext context) {
    throw new IllegalStateException("not there yet: " + options);
  }

  /**
   * A query whose output columns are exactly those of a table, in its order: values are cast, and
   * columns that are not named are NULL.
   *
   * @param columns names of the target's columns that the query gives, in its order; empty = all
   */
  public QueryPlan planInsert(
      SqlNode query,
      TableReference target,
      List<String> columns,
      CatalogSnapshot catalog,
      SessionContext context) {
    throw new IllegalStateException("not there yet: " + options);
  }
}
