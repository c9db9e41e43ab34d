package dev.kelda.executor.run;

import static java.util.Objects.requireNonNull;

import dev.kelda.executor.proto.ScanSource;
import dev.kelda.executor.wire.Scans;
import dev.kelda.planner.QueryPlan;
import dev.kelda.planner.ScanSpec;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.spi.connector.Operand;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scalar;
import dev.kelda.spi.connector.Scan;
import dev.kelda.spi.connector.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A plan and what can be kept of it from one execution to the next: the file lists of scans that
 * depend on no parameter. Thread-safe.
 */
public final class PlannedQuery {
  private static final int MOST_FILES_KEPT = 1000;

  private final QueryPlan plan;
  private final Map<Integer, OpenScan> kept = new ConcurrentHashMap<>();

  /** A scan that is planned, as Java has it and as native gets it. */
  record OpenScan(int id, Scan scan, ScanSource message) {}

  public PlannedQuery(QueryPlan plan) {
    this.plan = requireNonNull(plan, "plan is null");
  }

  public QueryPlan plan() {
    return plan;
  }

  /** Does every table still have the version the plan was made on? Asks the sources. */
  public boolean isCurrent() {
    for (TableReference table : plan.tables()) {
      if (!table.isCurrent()) {
        return false;
      }
    }
    return true;
  }

  List<OpenScan> scans(List<Scalar> parameters) {
    List<OpenScan> scans = new ArrayList<>(plan.scans().size());
    for (ScanSpec spec : plan.scans()) {
      OpenScan known = kept.get(spec.scanId());
      scans.add(known == null ? scan(spec, parameters) : known);
    }
    return scans;
  }

  private OpenScan scan(ScanSpec spec, List<Scalar> parameters) {
    boolean[] bound = {false};
    List<Predicate> conjuncts = new ArrayList<>(spec.conjuncts().size());
    for (Predicate conjunct : spec.conjuncts()) {
      conjuncts.add(
          conjunct.bind(
              parameter -> {
                bound[0] = true;
                return value(parameter, parameters);
              }));
    }
    Table table = spec.table().table();
    Scan scan = table.scan(conjuncts);
    OptionalDouble rows =
        scan instanceof Scan.Java ? table.statistics().rows() : OptionalDouble.empty();
    OpenScan open = new OpenScan(spec.scanId(), scan, Scans.toProto(spec.scanId(), scan, rows));
    boolean small = !(scan instanceof Scan.Files files) || files.files().size() <= MOST_FILES_KEPT;
    if (!bound[0] && small) {
      kept.put(spec.scanId(), open);
    }
    return open;
  }

  /** Conditions with the parameters' values in them. */
  List<Predicate> bound(List<Predicate> conjuncts, List<Scalar> parameters) {
    List<Scalar> values = Parameters.coerce(plan.parameterTypes(), parameters);
    return conjuncts.stream().map(c -> c.bind(p -> value(p, values))).toList();
  }

  private static Scalar value(Operand.Parameter parameter, List<Scalar> parameters) {
    return ScalarCasts.cast(
        parameters.get(parameter.index()),
        parameter.type(),
        "parameter " + (parameter.index() + 1));
  }
}
