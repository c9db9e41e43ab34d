package dev.kelda.planner.rules;

import static java.util.Objects.requireNonNull;

import dev.kelda.planner.decorrelate.Decorrelator;
import dev.kelda.planner.search.SearchNode;
import dev.kelda.planner.search.SearchNodes;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.apache.calcite.plan.Contexts;
import org.apache.calcite.plan.RelOptRule;
import org.apache.calcite.plan.hep.HepMatchOrder;
import org.apache.calcite.plan.hep.HepPlanner;
import org.apache.calcite.plan.hep.HepProgram;
import org.apache.calcite.plan.hep.HepProgramBuilder;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.tools.RelBuilder;
import org.apache.calcite.tools.RelBuilderFactory;

/**
 * Runs the phases in order: {@code searches, semi-joins, sub-queries, decorrelate, window-sums,
 * filters, empty, join-order, trim, finish, build-sides, module-calls}. Each may be left out by its
 * name to find out which one is at fault; the plan is then slower, or refused, but not wrong.
 */
public final class Optimizer {
  private static final HepProgram SEARCHES = program(PlannerRules.SEARCHES);
  private static final HepProgram SEMI_JOINS = program(List.of(SemiJoinRule.INSTANCE));
  private static final HepProgram SUB_QUERIES = program(PlannerRules.SUB_QUERIES);
  private static final HepProgram FILTERS = program(PlannerRules.FILTERS);
  private static final HepProgram EMPTY = program(PlannerRules.EMPTY);
  private static final HepProgram FINISH = program(PlannerRules.FINISH);

  /** Merges no projections by itself, as it would repeat volatile expressions. */
  private static final RelBuilderFactory BUILDER =
      RelBuilder.proto(Contexts.of(RelBuilder.Config.DEFAULT.withBloat(-1)));

  private final Set<String> disabled;
  private final Optional<PointInTimeJoin.Build> build;

  /**
   * @param build of every join in time; empty = by the sizes of its sides
   */
  public Optimizer(Set<String> disabled, Optional<PointInTimeJoin.Build> build) {
    this.disabled = Set.copyOf(disabled);
    this.build = requireNonNull(build, "build is null");
  }

  public RelNode optimize(RelNode root) {
    RelBuilder builder = BUILDER.create(root.getCluster(), null);
    RelNode rel = SubQueryPlaces.moved(SearchNodes.lateral(root));
    rel = phase("searches", rel, r -> has(SearchNode.class, r) ? run(SEARCHES, r) : r);
    rel = phase("semi-joins", rel, r -> run(SEMI_JOINS, r));
    rel = phase("sub-queries", rel, Optimizer::withoutSubQueries);
    rel = phase("decorrelate", rel, Decorrelator::decorrelate);
    rel = phase("window-sums", rel, r -> r.accept(new WindowSums()));
    rel = phase("filters", rel, r -> run(FILTERS, r));
    rel = phase("empty", rel, r -> run(EMPTY, r));
    rel = phase("join-order", rel, r -> new JoinOrder(new Estimates()).reorder(r));
    rel = phase("trim", rel, r -> new FieldTrimmer(builder).trim(r));
    rel = phase("finish", rel, r -> run(FINISH, r));
    rel = phase("build-sides", rel, r -> r.accept(new BuildSides(new Estimates(), build)));
    return phase("module-calls", rel, ModuleCalls::once);
  }

  private static RelNode withoutSubQueries(RelNode rel) {
    return run(SUB_QUERIES, SubQueryScopes.marked(UnknownMembership.exact(rel)));
  }

  private static boolean has(Class<? extends RelNode> kind, RelNode rel) {
    return kind.isInstance(rel) || rel.getInputs().stream().anyMatch(input -> has(kind, input));
  }

  private RelNode phase(String name, RelNode rel, UnaryOperator<RelNode> change) {
    return disabled.contains(name) ? rel : change.apply(rel);
  }

  private static RelNode run(HepProgram program, RelNode rel) {
    HepPlanner planner = new HepPlanner(program);
    planner.setRoot(rel);
    return planner.findBestExp();
  }

  private static HepProgram program(List<? extends RelOptRule> rules) {
    HepProgramBuilder builder = new HepProgramBuilder().addMatchOrder(HepMatchOrder.TOP_DOWN);
    builder.addRuleCollection(List.copyOf(rules));
    return builder.build();
  }
}
