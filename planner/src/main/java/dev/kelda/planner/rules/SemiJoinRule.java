package dev.kelda.planner.rules;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.calcite.plan.RelOptRule;
import org.apache.calcite.plan.RelOptRuleCall;
import org.apache.calcite.plan.RelOptUtil;
import org.apache.calcite.rel.RelNode;
import org.apache.calcite.rel.core.CorrelationId;
import org.apache.calcite.rel.core.JoinRelType;
import org.apache.calcite.rel.logical.LogicalFilter;
import org.apache.calcite.rel.logical.LogicalJoin;
import org.apache.calcite.rex.RexBuilder;
import org.apache.calcite.rex.RexCall;
import org.apache.calcite.rex.RexNode;
import org.apache.calcite.rex.RexSubQuery;
import org.apache.calcite.rex.RexUtil;
import org.apache.calcite.sql.SqlKind;
import org.apache.calcite.sql.fun.SqlStdOperatorTable;

/**
 * Conjuncts {@code [NOT] EXISTS (…)} and {@code IN (…)}, and {@code NOT IN (…)} without NULLs,
 * become semi- and anti-joins when the sub-query's correlation can be pulled out of it (see {@link
 * Uncorrelated}). What is left goes Calcite's general way.
 */
@SuppressWarnings("deprecation")
final class SemiJoinRule extends RelOptRule {
  static final SemiJoinRule INSTANCE = new SemiJoinRule();

  private SemiJoinRule() {
    super(operand(LogicalFilter.class, any()), "SemiJoin");
  }

  @Override
  public void onMatch(RelOptRuleCall call) {
    LogicalFilter filter = call.rel(0);
    if (RexUtil.SubQueryFinder.find(filter.getCondition()) == null) {
      return;
    }
    RexBuilder rex = filter.getCluster().getRexBuilder();
    List<RexNode> rest = new ArrayList<>();
    List<Candidate> candidates = new ArrayList<>();
    for (RexNode conjunct : RelOptUtil.conjunctions(filter.getCondition())) {
      candidate(conjunct, filter, rex).ifPresentOrElse(candidates::add, () -> rest.add(conjunct));
    }
    if (candidates.isEmpty()) {
      return;
    }
    RelNode left = filter.getInput();
    if (!rest.isEmpty()) {
      RexNode condition = RexUtil.composeConjunction(rex, rest);
      Set<CorrelationId> used = new HashSet<>(filter.getVariablesSet());
      left =
          LogicalFilter.create(
              left,
              condition,
              RexUtil.SubQueryFinder.find(condition) == null
                  ? com.google.common.collect.ImmutableSet.of()
                  : com.google.common.collect.ImmutableSet.copyOf(used));
    }
    for (Candidate candidate : candidates) {
      left =
          LogicalJoin.create(
              left,
              candidate.right,
              List.of(),
              candidate.condition,
              Set.of(),
              candidate.anti ? JoinRelType.ANTI : JoinRelType.SEMI);
    }
    call.transformTo(left);
  }

  private record Candidate(RelNode right, RexNode condition, boolean anti) {}

  private static Optional<Candidate> candidate(
      RexNode conjunct, LogicalFilter filter, RexBuilder rex) {
    boolean anti = conjunct.isA(SqlKind.NOT);
    RexNode inner = anti ? ((RexCall) conjunct).getOperands().get(0) : conjunct;
    if (!(inner instanceof RexSubQuery query)) {
      return Optional.empty();
    }
    boolean in = query.getKind() == SqlKind.IN;
    if (!in && query.getKind() != SqlKind.EXISTS || in && anti && mayBeNull(query)) {
      return Optional.empty();
    }
    int offset = filter.getInput().getRowType().getFieldCount();
    return Uncorrelated.of(query.rel, filter.getVariablesSet(), filter.getInput(), in)
        .map(
            u -> {
              Stream<RexNode> keys =
                  in
                      ? java.util.stream.IntStream.range(0, query.getOperands().size())
                          .mapToObj(
                              i ->
                                  rex.makeCall(
                                      SqlStdOperatorTable.EQUALS,
                                      query.getOperands().get(i),
                                      RexUtil.shift(rex.makeInputRef(u.rel(), i), offset)))
                      : Stream.empty();
              List<RexNode> all = Stream.concat(keys, u.conditions().stream()).toList();
              return new Candidate(u.rel(), RexUtil.composeConjunction(rex, all), anti);
            })
        .filter(c -> !c.condition.isAlwaysTrue());
  }

  private static boolean mayBeNull(RexSubQuery query) {
    return query.getOperands().stream().anyMatch(o -> o.getType().isNullable())
        || query.rel.getRowType().getFieldList().stream().anyMatch(f -> f.getType().isNullable());
  }
}
