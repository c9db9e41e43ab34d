package dev.kelda.planner;

import static java.util.Objects.requireNonNull;

import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.Predicate;
import java.util.List;

/**
 * One scan of a plan.
 *
 * @param scanId as in {@code kelda.plan.Scan.scan_id}
 * @param conjuncts conditions that every row the query needs meets, for {@code Table.scan}; those
 *     that the table applies exactly are not repeated in the plan
 */
public record ScanSpec(int scanId, TableReference table, List<Predicate> conjuncts) {
  public ScanSpec {
    requireNonNull(table, "table is null");
    conjuncts = List.copyOf(conjuncts);
  }
}
