package dev.kelda.planner;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kelda.planner.proto.Rel;
import dev.kelda.spi.connector.CanonicalTypes;
import dev.kelda.spi.connector.Operand;
import dev.kelda.spi.connector.Predicate;
import dev.kelda.spi.connector.Scalar;
import java.util.List;
import org.junit.jupiter.api.Test;

class TestPushdown {
  @Test
  void exactConditionLeavesThePlan() {
    QueryPlan plan = Tpch.plan("SELECT o_comment FROM orders WHERE o_orderkey = 7");
    assertThat(plan.scans().getFirst().conjuncts())
        .containsExactly(
            new Predicate.Comparison(
                0, Predicate.Operator.EQUAL, Scalar.of(CanonicalTypes.INT64, 7L)));
    assertThat(plan.plan().getRoot().getKindCase()).isEqualTo(Rel.KindCase.SCAN);
    assertThat(plan.plan().getRoot().getScan().getProjectionList()).containsExactly(8);
  }

  @Test
  void hintStaysInThePlan() {
    QueryPlan plan =
        Tpch.plan("SELECT o_comment FROM orders WHERE o_orderdate < DATE '1995-01-01'");
    assertThat(plan.scans().getFirst().conjuncts()).hasSize(1);
    assertThat(plan.plan().getRoot().getProject().getInput().getKindCase())
        .isEqualTo(Rel.KindCase.FILTER);
  }

  @Test
  void constantsAreFolded() {
    List<Predicate> conjuncts =
        Tpch.plan(
                "SELECT 1 FROM lineitem WHERE l_shipdate <= DATE '1998-12-01' - INTERVAL '90' DAY"
                    + " AND l_receiptdate >= '1994-01-01'")
            .scans()
            .getFirst()
            .conjuncts();
    assertThat(conjuncts)
        .containsExactly(
            new Predicate.Comparison(
                10, Predicate.Operator.LESS_OR_EQUAL, Scalar.of(CanonicalTypes.DATE32, 10471L)),
            new Predicate.Comparison(
                12, Predicate.Operator.GREATER_OR_EQUAL, Scalar.of(CanonicalTypes.DATE32, 8766L)));
  }

  @Test
  void parametersArePushed() {
    QueryPlan plan = Tpch.plan("SELECT 1 FROM orders WHERE o_orderdate > ?");
    assertThat(plan.scans().getFirst().conjuncts())
        .containsExactly(
            new Predicate.Comparison(
                4, Predicate.Operator.GREATER, new Operand.Parameter(0, CanonicalTypes.DATE32)));
  }

  @Test
  void onlyPrefixPatternsArePushed() {
    assertThat(
            Tpch.plan("SELECT 1 FROM part WHERE p_name LIKE 'forest%'")
                .scans()
                .getFirst()
                .conjuncts())
        .containsExactly(new Predicate.StartsWith(1, "forest"));
    assertThat(
            Tpch.plan("SELECT 1 FROM part WHERE p_name LIKE '%forest%' AND p_name ILIKE 'a%'")
                .scans()
                .getFirst()
                .conjuncts())
        .isEmpty();
  }

  @Test
  void valueThatTheColumnCannotHoldIsNotPushed() {
    assertThat(Tpch.plan("SELECT 1 FROM kinds WHERE i8 = 300").scans().getFirst().conjuncts())
        .isEmpty();
  }

  @Test
  void semiJoinsOnGroupsAndPartitionsGoBelowThem() {
    String in = " WHERE o_custkey IN (SELECT c_custkey FROM customer)";
    String groups = "SELECT o_custkey, MAX(o_totalprice) FROM orders GROUP BY o_custkey";
    assertSemiJoinIsBelow("LogicalAggregate", "SELECT * FROM (" + groups + ") AS o" + in);
    String ranked =
        "SELECT o_custkey, RANK() OVER (PARTITION BY o_custkey, o_orderstatus ORDER BY o_orderkey)"
            + " FROM orders";
    assertSemiJoinIsBelow("LogicalWindow", "SELECT * FROM (" + ranked + ") AS o" + in);
  }

  @Test
  void semiJoinsOnOtherColumnsStayAbove() {
    String ranked =
        "SELECT o_custkey, RANK() OVER (PARTITION BY o_orderstatus ORDER BY o_orderkey) FROM orders";
    String in = " WHERE o_custkey IN (SELECT c_custkey FROM customer)";
    String plan = Tpch.text("SELECT * FROM (" + ranked + ") AS o" + in);
    assertThat(plan.indexOf("joinType=[semi]")).isBetween(0, plan.indexOf("LogicalWindow"));
    String rolled = "SELECT o_custkey, COUNT(*) FROM orders GROUP BY ROLLUP (o_custkey)";
    plan = Tpch.text("SELECT * FROM (" + rolled + ") AS o" + in);
    assertThat(plan.indexOf("joinType=[semi]")).isBetween(0, plan.indexOf("LogicalAggregate"));
  }

  private static void assertSemiJoinIsBelow(String operator, String sql) {
    String plan = Tpch.text(sql);
    assertThat(plan.indexOf(operator)).isBetween(0, plan.indexOf("joinType=[semi]"));
  }

  @Test
  void nullSafeConditionsOfSemiJoinsAreKeys() {
    Rel rel =
        Tpch.plan(
                "SELECT 1 FROM orders WHERE EXISTS (SELECT 1 FROM customer"
                    + " WHERE c_custkey IS NOT DISTINCT FROM o_custkey)")
            .plan()
            .getRoot();
    while (rel.getKindCase() == Rel.KindCase.PROJECT) {
      rel = rel.getProject().getInput();
    }
    assertThat(rel.getJoin().getKeysList()).singleElement().matches(key -> key.getNullEqual());
    assertThat(rel.getJoin().hasResidual()).isFalse();
  }
}
