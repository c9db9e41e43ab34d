package dev.kelda.planner;

import dev.kelda.planner.catalog.CatalogSnapshot;
import dev.kelda.planner.function.FunctionRegistry;
import dev.kelda.planner.function.ModuleOperators;
import dev.kelda.planner.rules.UnorderedValues;
import dev.kelda.planner.validate.KeldaOperators;
import dev.kelda.planner.validate.KeldaRexBuilder;
import dev.kelda.planner.validate.KeldaTypeFactory;
import org.apache.calcite.plan.RelOptCluster;
import org.apache.calcite.plan.hep.HepPlanner;
import org.apache.calcite.plan.hep.HepProgram;
import org.apache.calcite.rel.metadata.JaninoRelMetadataProvider;
import org.apache.calcite.rel.metadata.RelMetadataQuery;
import org.apache.calcite.rel.metadata.RelMetadataQueryBase;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.sql.SqlOperatorTable;

/**
 * What one planning run needs of Calcite. Types and metadata handlers are shared by all runs: they
 * are costly to make and safe to share.
 */
record PlanningScope(
    KeldaTypeFactory types, RexBuilder rex, RelOptCluster cluster, SqlOperatorTable operators) {
  static final KeldaTypeFactory TYPES = new KeldaTypeFactory();
  private static final HepProgram EMPTY = HepProgram.builder().build();
  private static final JaninoRelMetadataProvider METADATA =
      JaninoRelMetadataProvider.of(UnorderedValues.METADATA);
  private static final SqlOperatorTable OPERATORS =
      KeldaOperators.in(FunctionRegistry.load().operators());

  static PlanningScope open(CatalogSnapshot catalog) {
    RexBuilder rex = new KeldaRexBuilder(TYPES);
    HepPlanner planner = new HepPlanner(EMPTY);
    // Calcite's own constant folding keeps milliseconds only; constants are folded where they are
    // executed.
    planner.setExecutor((builder, constants, reduced) -> reduced.addAll(constants));
    RelOptCluster cluster = RelOptCluster.create(planner, rex);
    RelMetadataQueryBase.THREAD_PROVIDERS.set(METADATA);
    cluster.setMetadataProvider(METADATA);
    cluster.setMetadataQuerySupplier(RelMetadataQuery::instance);
    return new PlanningScope(TYPES, rex, cluster, ModuleOperators.in(OPERATORS, catalog));
  }
}
