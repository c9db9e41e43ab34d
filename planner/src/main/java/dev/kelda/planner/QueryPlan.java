package dev.kelda.planner;

import static java.util.Objects.requireNonNull;

import dev.kelda.planner.catalog.TableReference;
import dev.kelda.planner.proto.Plan;
import java.util.List;
import java.util.Set;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * A query ready for the native engine. Immutable; may be executed many times, each time with other
 * parameters, as long as every table still has the version it was planned on.
 *
 * @param scans one per {@code Scan} message, by ascending id
 * @param outputSchema the result's columns; names may repeat
 * @param parameterTypes one field per {@code ?}, named {@code $1}, {@code $2}, …
 * @param openParameters indexes of the {@code ?}s whose type nothing in the statement says
 * @param calcitePlanText the optimised relational tree, for EXPLAIN
 * @param tables every table the statement resolved, read or not
 */
public record QueryPlan(
    Plan plan,
    List<ScanSpec> scans,
    Schema outputSchema,
    List<Field> parameterTypes,
    Set<Integer> openParameters,
    String calcitePlanText,
    List<TableReference> tables) {
  public QueryPlan {
    requireNonNull(plan, "plan is null");
    scans = List.copyOf(scans);
    requireNonNull(outputSchema, "outputSchema is null");
    parameterTypes = List.copyOf(parameterTypes);
    openParameters = Set.copyOf(openParameters);
    requireNonNull(calcitePlanText, "calcitePlanText is null");
    tables = List.copyOf(tables);
  }

  /** {@code catalog.schema.table@version} of every table, for the key of a plan cache. */
  public List<String> tableVersions() {
    return tables.stream().map(t -> t + "@" + t.table().version()).toList();
  }
}
