package dev.kelda.planner.encode;

import dev.kelda.planner.ScanSpec;
import dev.kelda.planner.catalog.CatalogTable;
import dev.kelda.planner.catalog.TableReference;
import dev.kelda.planner.proto.Filter;
import dev.kelda.planner.proto.Project;
import dev.kelda.planner.proto.Rel;
import dev.kelda.planner.proto.Scan;
import dev.kelda.planner.pushdown.ScanPredicates;
import dev.kelda.spi.connector.Predicate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.calcite.plan.RelOptTable;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.core.TableScan;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexInputRef;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.util.ImmutableBitSet;

/** Scans with the filter and the projection directly above them. */
final class ScanEncoder {
  private final RexBuilder rex;
  private final List<ScanSpec> scans = new ArrayList<>();

  ScanEncoder(RexBuilder rex) {
    this.rex = rex;
  }

  List<ScanSpec> scans() {
    return List.copyOf(scans);
  }

  /**
   * @param project over the table's row; empty = the whole row
   */
  Rel encode(TableScan scan, Optional<RexNode> filter, Optional<List<RexNode>> project) {
    CatalogTable table = scan.getTable().unwrap(CatalogTable.class);
    List<RexNode> remaining = new ArrayList<>();
    List<Predicate> hints = pushDown(table, filter, remaining);
    int width = scan.getRowType().getFieldCount();
    ImmutableBitSet used =
        project
            .map(p -> RelOptUtil.InputFinder.bits(p, null))
            .orElse(ImmutableBitSet.range(width))
            .union(RelOptUtil.InputFinder.bits(remaining, null));
    boolean onlyColumns = project.isPresent() && columnsOnce(project.get());
    List<Integer> projection =
        onlyColumns && remaining.isEmpty()
            ? project.get().stream().map(p -> ((RexInputRef) p).getIndex()).toList()
            : used.asList();
    Rel rel = scan(table.reference(), projection, hints);
    RexEncoder encoder = new RexEncoder(rex, projection::indexOf, projection.size());
    if (!remaining.isEmpty()) {
      rel =
          Rel.newBuilder()
              .setFilter(
                  Filter.newBuilder()
                      .setInput(rel)
                      .setCondition(encoder.encode(RexUtil.composeConjunction(rex, remaining))))
              .build();
    }
    if (project.isEmpty() || onlyColumns && remaining.isEmpty()) {
      return rel;
    }
    return Rel.newBuilder()
        .setProject(
            Project.newBuilder().setInput(rel).addAllExpressions(encoder.encodeAll(project.get())))
        .build();
  }

  /** Some columns of a table, without a condition. */
  Rel encode(RelOptTable table, List<Integer> columns) {
    return scan(table.unwrap(CatalogTable.class).reference(), columns, List.of());
  }

  private Rel scan(TableReference table, List<Integer> projection, List<Predicate> hints) {
    int scanId = scans.size();
    scans.add(new ScanSpec(scanId, table, hints));
    return Rel.newBuilder()
        .setScan(
            Scan.newBuilder()
                .setScanId(scanId)
                .addAllColumns(
                    table.table().schema().getFields().stream().map(Types::toProtoField).toList())
                .addAllProjection(projection)
                .setLabel(table.toString()))
        .build();
  }

  /** The conjuncts the source gets; those it does not apply exactly go to {@code remaining}. */
  private List<Predicate> pushDown(
      CatalogTable table, Optional<RexNode> filter, List<RexNode> remaining) {
    ScanPredicates predicates = new ScanPredicates(rex);
    List<Predicate> hints = new ArrayList<>();
    Map<Predicate, RexNode> exact = new IdentityHashMap<>();
    for (RexNode conjunct : filter.map(RelOptUtil::conjunctions).orElse(List.of())) {
      Optional<Predicate> predicate = predicates.of(conjunct);
      predicate.ifPresent(p -> exact.put(p, conjunct));
      predicate.ifPresentOrElse(hints::add, () -> hints.addAll(predicates.hints(conjunct)));
      if (predicate.isEmpty()) {
        remaining.add(conjunct);
      }
    }
    List<Predicate> candidates = hints.stream().filter(exact::containsKey).toList();
    Set<Predicate> applied = Collections.newSetFromMap(new IdentityHashMap<>());
    applied.addAll(table.reference().table().appliedExactly(candidates));
    candidates.stream()
        .filter(c -> !applied.contains(c) && !(containsEqual(applied, c)))
        .map(exact::get)
        .forEach(remaining::add);
    return hints;
  }

  private static boolean containsEqual(Set<Predicate> applied, Predicate candidate) {
    return applied.stream().anyMatch(candidate::equals);
  }

  private static boolean columnsOnce(List<RexNode> nodes) {
    return nodes.stream().allMatch(n -> n instanceof RexInputRef)
        && IntStream.range(0, nodes.size())
                .map(i -> ((RexInputRef) nodes.get(i)).getIndex())
                .distinct()
                .count()
            == nodes.size();
  }
}
