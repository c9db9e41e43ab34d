package dev.kelda.planner.rules;

import org.apache.calcite.plan.RelOptRule;
import org.apache.calcite.rel.core.Filter;
import org.apache.calcite.rel.core.Project;
import org.apache.calcite.rel.rules.FilterProjectTransposeRule;
import org.apache.calcite.rel.rules.ProjectMergeRule;
import org.apache.calcite.rex.RexUtil;

/**
 * Calcite's rules that put a projection's expressions in the place of its columns, held back where
 * an expression is volatile: {@code RANDOM() AS x} is one value, however often x is read.
 */
final class StableProjects {
  static final RelOptRule MERGE =
      ProjectMergeRule.Config.DEFAULT
          .withDescription("StableProjectMerge")
          .withOperandSupplier(
              upper ->
                  upper
                      .operand(Project.class)
                      .oneInput(
                          lower ->
                              lower
                                  .operand(Project.class)
                                  .predicate(StableProjects::isStable)
                                  .anyInputs()))
          .as(ProjectMergeRule.Config.class)
          .toRule();

  static final RelOptRule FILTER =
      FilterProjectTransposeRule.Config.DEFAULT
          .withDescription("StableFilterProject")
          .withOperandSupplier(
              filter ->
                  filter
                      .operand(Filter.class)
                      .predicate(f -> !RexUtil.containsCorrelation(f.getCondition()))
                      .oneInput(
                          project ->
                              project
                                  .operand(Project.class)
                                  .predicate(StableProjects::isStable)
                                  .anyInputs()))
          .as(FilterProjectTransposeRule.Config.class)
          .toRule();

  private StableProjects() {}

  private static boolean isStable(Project project) {
    return project.getProjects().stream().allMatch(RexUtil::isDeterministic);
  }
}
