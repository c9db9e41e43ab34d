package dev.kelda.planner.rules;

import java.util.List;
import org.apache.calcite.plan.RelOptRule;
import org.apache.calcite.rel.rules.CoreRules;

/**
 * All rules, by phase. Left out because they are wrong in Calcite 1.42: AGGREGATE_UNION_TRANSPOSE
 * and AGGREGATE_MIN_MAX_TO_LIMIT (drop FILTER), the set-operation-to-filter rules (lose rows),
 * JOIN_EXPAND_OR_TO_UNION, PROJECT_JOIN_TRANSPOSE.
 */
final class PlannerRules {
  /** Conditions down to the searches they are for, while their sub-queries are still whole. */
  static final List<RelOptRule> SEARCHES =
      List.of(CoreRules.FILTER_INTO_JOIN, StableProjects.FILTER, SearchFilterRule.INSTANCE);

  /** Sub-queries that are left after the semi-joins become correlated joins. */
  static final List<RelOptRule> SUB_QUERIES =
      List.of(
          CoreRules.FILTER_SUB_QUERY_TO_CORRELATE,
          CoreRules.PROJECT_SUB_QUERY_TO_CORRELATE,
          CoreRules.JOIN_SUB_QUERY_TO_CORRELATE);

  /** Conditions as far down as they go. */
  static final List<RelOptRule> FILTERS =
      List.of(
          CommonFactorRule.FILTER,
          CommonFactorRule.JOIN,
          CoreRules.FILTER_INTO_JOIN,
          CoreRules.JOIN_CONDITION_PUSH,
          StableProjects.FILTER,
          CoreRules.FILTER_AGGREGATE_TRANSPOSE,
          CoreRules.FILTER_SET_OP_TRANSPOSE,
          CoreRules.FILTER_MERGE,
          SearchFilterRule.INSTANCE,
          SearchSemiJoinRule.INSTANCE,
          SemiJoinGroupsRule.AGGREGATE,
          SemiJoinGroupsRule.PROJECT,
          PointInTimeFilterRule.INSTANCE,
          PointInTimeMergeRule.INSTANCE,
          PointInTimeLimitRule.INSTANCE,
          PointInTimeLimitRule.OF_PROJECT,
          StableProjects.MERGE,
          CoreRules.PROJECT_REMOVE,
          CoreRules.AGGREGATE_PROJECT_MERGE,
          CoreRules.UNION_MERGE,
          CoreRules.UNION_REMOVE);

  /** Branches that are known to be empty disappear. */
  static final List<RelOptRule> EMPTY =
      List.of(
          org.apache.calcite.rel.rules.PruneEmptyRules.FILTER_INSTANCE,
          org.apache.calcite.rel.rules.PruneEmptyRules.PROJECT_INSTANCE,
          org.apache.calcite.rel.rules.PruneEmptyRules.JOIN_LEFT_INSTANCE,
          org.apache.calcite.rel.rules.PruneEmptyRules.JOIN_RIGHT_INSTANCE,
          org.apache.calcite.rel.rules.PruneEmptyRules.SORT_INSTANCE,
          org.apache.calcite.rel.rules.PruneEmptyRules.SORT_FETCH_ZERO_INSTANCE,
          EmptyAggregateRule.INSTANCE,
          org.apache.calcite.rel.rules.PruneEmptyRules.UNION_INSTANCE);

  /** After join order and trimming: fewer projections, windows as operators. */
  static final List<RelOptRule> FINISH =
      List.of(
          StableProjects.FILTER,
          CoreRules.FILTER_MERGE,
          StableProjects.MERGE,
          CoreRules.PROJECT_REMOVE,
          CoreRules.PROJECT_TO_LOGICAL_PROJECT_AND_WINDOW);

  private PlannerRules() {}
}
