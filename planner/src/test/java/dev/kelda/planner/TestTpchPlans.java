package dev.kelda.planner;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

/** Shapes of plans over TPC-H's statistics that its queries depend on. */
class TestTpchPlans {
  @Test
  void existsBecomesSemiJoin() {
    String plan =
        Tpch.text(
            "SELECT count(*) FROM orders WHERE EXISTS (SELECT * FROM lineitem"
                + " WHERE l_orderkey = o_orderkey AND l_commitdate < l_receiptdate)");
    assertThat(plan).contains("joinType=[semi]").doesNotContain("Correlate");
  }

  @Test
  void notExistsWithInequalityBecomesAntiJoin() {
    String plan =
        Tpch.text(
            "SELECT count(*) FROM lineitem a WHERE NOT EXISTS (SELECT * FROM lineitem b"
                + " WHERE b.l_orderkey = a.l_orderkey AND b.l_suppkey <> a.l_suppkey)");
    assertThat(plan).contains("joinType=[anti]").contains("<>(");
  }

  @Test
  void notInOverNullsIsNoAntiJoin() {
    String plan =
        Tpch.text(
            "SELECT count(*) FROM partsupp WHERE ps_suppkey NOT IN (SELECT s_suppkey FROM supplier)");
    assertThat(plan).doesNotContain("joinType=[anti]").doesNotContain("Correlate");
  }

  @Test
  void correlatedScalarIsDecorrelated() {
    String plan =
        Tpch.text(
            "SELECT count(*) FROM lineitem, part WHERE p_partkey = l_partkey AND l_quantity <"
                + " (SELECT 0.2 * avg(l_quantity) FROM lineitem WHERE l_partkey = p_partkey)");
    assertThat(plan).doesNotContain("Correlate").contains("AVG");
  }

  @Test
  void commaJoinsAreOrderedWithoutCrossProducts() {
    String plan =
        Tpch.text(
            "SELECT count(*) FROM region, lineitem, nation, orders, customer"
                + " WHERE l_orderkey = o_orderkey AND o_custkey = c_custkey"
                + " AND c_nationkey = n_nationkey AND n_regionkey = r_regionkey"
                + " AND r_name = 'ASIA'");
    assertThat(plan).doesNotContain("condition=[true]");
    assertThat(plan.indexOf("region")).isLessThan(plan.indexOf("lineitem"));
  }

  @Test
  void smallerSideIsLeft() {
    String plan = Tpch.text("SELECT count(*) FROM lineitem JOIN part ON l_partkey = p_partkey");
    assertThat(plan.indexOf("part]")).isLessThan(plan.indexOf("lineitem]"));
  }

  @Test
  void leftJoinMovesAboveSelectiveInnerJoin() {
    String plan =
        Tpch.text(
            "SELECT count(c_name), count(n_name) FROM orders LEFT JOIN customer ON o_custkey ="
                + " c_custkey JOIN nation ON o_orderkey = n_nationkey WHERE n_name = 'X'");
    assertThat(plan).contains("joinType=[left]").contains("joinType=[inner]");
    assertThat(plan.indexOf("joinType=[left]")).isLessThan(plan.indexOf("joinType=[inner]"));
  }

  @Test
  void conditionsOnOneTableAreDerivedFromOr() {
    String plan =
        Tpch.text(
            "SELECT count(*) FROM nation a, nation b WHERE a.n_regionkey = b.n_regionkey AND"
                + " (a.n_name = 'X' AND b.n_name = 'Y' OR a.n_name = 'Y' AND b.n_name = 'X')");
    assertThat(plan.split("LogicalFilter", -1)).hasSize(3);
  }

  @Test
  void phasesCanBeLeftOut() {
    String plan =
        Tpch.plan(
                "SELECT count(*) FROM lineitem JOIN part ON l_partkey = p_partkey",
                Set.of("join-order", "trim"))
            .calcitePlanText();
    assertThat(plan.indexOf("lineitem]")).isLessThan(plan.indexOf("part]"));
  }
}
