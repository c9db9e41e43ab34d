package dev.kelda.planner.rules;

import org.apache.calcite.plan.RelOptRule;
import org.apache.calcite.rel.core.Aggregate;
import org.apache.calcite.rel.core.Values;
import org.apache.calcite.rel.rules.PruneEmptyRules.RemoveEmptySingleRule.RemoveEmptySingleRuleConfig;
import org.apache.calcite.util.ImmutableBitSet;

/**
 * Groups of no rows are no rows, unless a grouping set is empty: ROLLUP, CUBE and {@code ()} give
 * their grand total even then, which Calcite's own rule forgets when there are other sets.
 */
final class EmptyAggregateRule {
  static final RelOptRule INSTANCE =
      RemoveEmptySingleRuleConfig.AGGREGATE
          .withDescription("EmptyAggregate")
          .withOperandSupplier(
              aggregate ->
                  aggregate
                      .operand(Aggregate.class)
                      .predicate(EmptyAggregateRule::needsRows)
                      .oneInput(
                          values ->
                              values.operand(Values.class).predicate(Values::isEmpty).noInputs()))
          .as(RemoveEmptySingleRuleConfig.class)
          .toRule();

  private static boolean needsRows(Aggregate aggregate) {
    return aggregate.getGroupSets().stream().noneMatch(ImmutableBitSet::isEmpty);
  }

  private EmptyAggregateRule() {}
}
