package dev.kelda.planner.analysis;

import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.catalog.CatalogTable;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.planner.rules.CommonRows;
import dev.kelda.planner.rules.PointInTimeJoin;
import dev.kelda.spi.extension.EngineServices.TableName;
import dev.kelda.spi.extension.QueryAnalysis.Growth;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Correlate;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Join;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.core.Sort;
import org.apache.calcite.rel.core.TableScan;
import org.apache.calcite.rel.core.Union;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexOver;
import org.apache.calcite.rex.RexShuttle;
import org.apache.calcite.rex.RexSubQuery;

/** Finds a query's {@link Growth}. For one query, as it was converted. */
final class Growths {
  private final CatalogSnapshot catalog;

  /** Every table that was met, once per scan. */
  private final List<TableName> scans = new ArrayList<>();

  private Optional<String> obstacle = Optional.empty();

  /**
   * The rows of one node.
   *
   * @param emptiedBy tables without whose rows it has none; empty when it may have some all the
   *     same
   * @param keys ordinals of its columns
   */
  private record Part(
      Map<TableName, Set<TableName>> linear,
      Optional<Set<TableName>> emptiedBy,
      boolean rowWise,
      Set<Integer> keys) {
    static final Part OPAQUE = new Part(Map.of(), Optional.empty(), true, Set.of());

    Part with(boolean newRowWise, Set<Integer> newKeys) {
      return new Part(linear, emptiedBy, newRowWise, newKeys);
    }
  }

  private Growths(CatalogSnapshot catalog) {
    this.catalog = catalog;
  }

  static Growth of(RelNode query, CatalogSnapshot catalog) {
    Growths growths = new Growths(catalog);
    Part part = growths.part(query);
    Map<TableName, Set<TableName>> linear = new HashMap<>(part.linear());
    Set<TableName> seen = new HashSet<>();
    for (TableName table : growths.scans) {
      if (!seen.add(table)) {
        linear.remove(table);
        linear.values().removeIf(without -> without.contains(table));
        growths.obstacle("it reads " + table + " more than once");
      }
    }
    return new Growth(linear, part.rowWise(), part.keys(), growths.obstacle);
  }

  private Part part(RelNode node) {
    return switch (node) {
      case TableScan scan -> scan(scan);
      case Filter filter -> filter(filter);
      case Project project -> project(project);
      case Aggregate aggregate -> aggregate(aggregate);
      case Sort sort when sort.fetch == null && sort.offset == null -> part(sort.getInput());
      case CommonRows rows -> part(rows.getInput());
      case Join join -> join(join);
      case Correlate correlate -> {
        Part left = rowWise(part(correlate.getLeft()), "a join of aggregates");
        opaque(correlate.getRight());
        yield left;
      }
      case Union union when union.all -> union(union);
      case PointInTimeJoin join -> {
        Part spine = rowWise(part(join.spine()), "an AS OF join of aggregates");
        join.features().forEach(feature -> opaque(feature.input()));
        yield spine;
      }
      default -> none(node, node.getRelTypeName().replace("Logical", "").toUpperCase());
    };
  }

  private Part scan(TableScan scan) {
    CatalogTable scanned = scan.getTable().unwrap(CatalogTable.class);
    // Rows of a recursion's step before, of a table as it was, of a function: they do not grow.
    if (scanned == null || catalog.syntheticKey(scanned.reference()).isPresent()) {
      return Part.OPAQUE;
    }
    TableReference table = scanned.reference();
    TableName name = new TableName(table.catalog(), table.schema(), table.name());
    scans.add(name);
    return new Part(Map.of(name, Set.of()), Optional.of(Set.of(name)), true, Set.of());
  }

  private Part filter(Filter filter) {
    Part input = part(filter.getInput());
    subQueries(List.of(filter.getCondition()));
    if (input.rowWise()) {
      return input;
    }
    boolean onKeys =
        input.keys().containsAll(RelOptUtil.InputFinder.bits(filter.getCondition()).asList());
    return onKeys ? input : none("a condition on what is aggregated");
  }

  private Part project(Project project) {
    Part input = part(project.getInput());
    subQueries(project.getProjects());
    List<RexOver> windows = new ArrayList<>();
    project
        .getProjects()
        .forEach(
            e ->
                e.accept(
                    new RexShuttle() {
                      @Override
                      public RexNode visitOver(RexOver over) {
                        windows.add(over);
                        return over;
                      }
                    }));
    Set<Integer> keys = input.keys();
    for (RexOver over : windows) {
      Set<Integer> partition = new HashSet<>();
      for (RexNode key : over.getWindow().partitionKeys) {
        if (key instanceof RexInputRef column) {
          partition.add(column.getIndex());
        }
      }
      if (!input.rowWise() || over != windows.getFirst()) {
        partition.retainAll(keys);
      }
      keys = partition;
    }
    boolean rowWise = input.rowWise() && windows.isEmpty();
    Set<Integer> kept = new HashSet<>();
    for (int i = 0; i < project.getProjects().size(); i++) {
      if (project.getProjects().get(i) instanceof RexInputRef column
          && keys.contains(column.getIndex())) {
        kept.add(i);
      }
    }
    if (!rowWise && kept.isEmpty()) {
      return none(
          windows.isEmpty()
              ? "the keys of an aggregate are not among its columns"
              : "windows without a common PARTITION BY column among the columns");
    }
    return input.with(rowWise, rowWise ? Set.of() : kept);
  }

  private Part aggregate(Aggregate aggregate) {
    Part input = part(aggregate.getInput());
    if (aggregate.getGroupType() != Aggregate.Group.SIMPLE) {
      return none("GROUPING SETS");
    }
    Set<Integer> keys = new HashSet<>();
    List<Integer> groups = aggregate.getGroupSet().asList();
    for (int i = 0; i < groups.size(); i++) {
      if (input.rowWise() || input.keys().contains(groups.get(i))) {
        keys.add(i);
      }
    }
    return keys.isEmpty() ? none("an aggregate over all rows") : input.with(false, keys);
  }

  private Part join(Join join) {
    subQueries(List.of(join.getCondition()));
    Part left = rowWise(part(join.getLeft()), "a join of aggregates");
    switch (join.getJoinType()) {
      case INNER -> {
        Part right = rowWise(part(join.getRight()), "a join of aggregates");
        Map<TableName, Set<TableName>> both = new HashMap<>(left.linear());
        both.putAll(right.linear());
        return new Part(both, left.emptiedBy().or(right::emptiedBy), true, Set.of());
      }
      case LEFT, SEMI, ANTI -> {
        opaque(join.getRight());
        return left;
      }
      default -> {
        opaque(join.getRight());
        return none("a " + join.getJoinType() + " JOIN");
      }
    }
  }

  /** The rows of one input are those of a change when all other inputs have none. */
  private Part union(Union union) {
    List<Part> inputs =
        union.getInputs().stream()
            .map(input -> rowWise(part(input), "a union of aggregates"))
            .toList();
    Map<TableName, Set<TableName>> linear = new HashMap<>();
    for (Part input : inputs) {
      emptied(inputs.stream().filter(other -> other != input))
          .ifPresentOrElse(
              others ->
                  input
                      .linear()
                      .forEach((table, without) -> linear.put(table, both(without, others))),
              () -> obstacle("it has a UNION ALL with rows that are in no table"));
    }
    return new Part(linear, emptied(inputs.stream()), true, Set.of());
  }

  private static Optional<Set<TableName>> emptied(Stream<Part> parts) {
    return parts
        .map(Part::emptiedBy)
        .reduce(
            Optional.of(Set.of()),
            (some, more) -> some.flatMap(tables -> more.map(others -> both(tables, others))));
  }

  private static Set<TableName> both(Set<TableName> some, Set<TableName> others) {
    Set<TableName> both = new HashSet<>(some);
    both.addAll(others);
    return both;
  }

  private Part rowWise(Part part, String otherwise) {
    return part.rowWise() ? part : none(otherwise);
  }

  /** What is below is read, and nothing is said of it. */
  private void opaque(RelNode node) {
    Optional<String> before = obstacle;
    part(node);
    obstacle = before;
  }

  private Part none(RelNode node, String what) {
    node.getInputs().forEach(this::opaque);
    return none(what);
  }

  private Part none(String what) {
    obstacle("it has " + what);
    return Part.OPAQUE;
  }

  private void obstacle(String what) {
    obstacle = obstacle.or(() -> Optional.of(what));
  }

  private void subQueries(List<RexNode> expressions) {
    expressions.forEach(
        e ->
            e.accept(
                new RexShuttle() {
                  @Override
                  public RexNode visitSubQuery(RexSubQuery query) {
                    opaque(query.rel);
                    return query;
                  }
                }));
  }
}
